import { createConnections } from '@shoal/adapters/http/connections';
import { GatewayInvoker } from '@shoal/adapters/http/gateway-invoker';
import { SystemClock } from '@shoal/adapters/process/system-clock';
import { QueueMetrics } from '@shoal/adapters/prometheus/queue-metrics';
import type { QueueWorker } from '@shoal/domain/queue/queue-worker';
import { createWorker, openQueue, type Queue } from './asynchronous';
import type { Config } from './config';
import { createMetricsServer, GatewayMetrics } from './metrics-server';
import { listen } from './server';
import { version } from './version';

/**
 * `SHOAL_ROLE=worker`: takes calls from the queue and runs them through a gateway. Listens only for whoever asks for its
 * metrics and its health.
 */
export async function startWorker(config: Config): Promise<void> {
  const running: { worker?: QueueWorker; queue?: Queue } = {};
  let ending = false;
  const end = async () => {
    const { worker, queue } = running;
    if (!worker || !queue) process.exit(0);
    if (ending) process.exit(1);
    ending = true;
    console.log('Shutting down: calls that run may finish. Once more to end at once.');
    await worker.drain(config.writeTimeoutMs);
    await queue.close();
    process.exit(0);
  };
  // Before all that takes time: nothing else ends the first process of a container.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end());

  const clock = new SystemClock();
  const queue = (await openQueue(config, clock))!;
  const metrics = new GatewayMetrics();
  const queueMetrics = new QueueMetrics(clock);
  metrics.add(queueMetrics.metrics(() => queue.depths()));
  const invoker = new GatewayInvoker({ gatewayUrl: config.gatewayUrl, connections: createConnections() });
  const worker = createWorker({ config, queue, invoker, metrics: queueMetrics, clock });
  Object.assign(running, { worker, queue });
  const metricsServer = createMetricsServer(metrics);
  const port = await listen(metricsServer, { host: config.metricsHost, port: config.metricsPort, setting: 'SHOAL_METRICS_PORT' });
  await worker.start();
  console.log(`\nShoal ${version.release}, a worker, is up. It runs calls through ${config.gatewayUrl}.\n\n  Metrics    http://${config.metricsHost}:${port}/metrics\n  Queue      nats://${config.queue.natsAddress}\n`);
}
