import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { NodeProcessSpawner } from '@shoal/adapters/process/node-process-spawner';
import { SystemClock } from '@shoal/adapters/process/system-clock';
import { formatDuration } from '@shoal/domain/shared/duration';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { readFunctionSettings, readSingleSettings, SettingsError, type FunctionSettings, type SingleSettings } from './config';
import { ForkingFunction } from './forking-function';
import { logDate } from './function-log';
import { tooManyCalls, sendOwn, type HostedFunction } from './hosted-function';
import { HttpFunction } from './http-function';

const MAX_HEADER_BYTES = 1024 * 1024;
const METRICS_TIMEOUT_MS = 500;
/** How often connections are checked for having taken too long. */
const TIMEOUT_CHECK_MS = 1_000;
/** As a shell reports a process that Ctrl-C has ended. */
const INTERRUPTED = 130;

/**
 * Serves the one function that the environment describes: what stands in front of a process in a container.
 * Resolves once it listens.
 *
 * @throws SettingsError
 */
export async function runSingle(env: NodeJS.ProcessEnv, version: string): Promise<void> {
  const settings = readFunctionSettings(env);
  const single = readSingleSettings(env, settings);
  await new SingleWatchdog(env, settings, single).start(version);
}

class SingleWatchdog {
  private readonly hosted: HostedFunction;
  private readonly metrics = new CallMetrics();
  private healthy = true;

  constructor(
    env: NodeJS.ProcessEnv,
    private readonly settings: FunctionSettings,
    private readonly single: SingleSettings,
  ) {
    const shared = {
      settings,
      env: env as Record<string, string>,
      spawner: new NodeProcessSpawner(),
      clock: new SystemClock(),
      log: (text: string) => console.log(text),
    };
    this.hosted =
      settings.mode === 'serializing'
        ? new ForkingFunction(shared)
        : new HttpFunction({
            ...shared,
            nextUpstream: async () => ({ origin: new URL(settings.upstreamUrl!).origin, env: {} }),
            changed: () => undefined,
          });
  }

  async start(version: string): Promise<void> {
    const { port, metricsPort, readTimeoutMs, writeTimeoutMs, healthcheckIntervalMs, lockFile } = this.single;
    note(`Version: ${version}`);
    note(
      `Timeouts: read: ${formatDuration(readTimeoutMs)} write: ${formatDuration(writeTimeoutMs)} ` +
        `hard: ${formatDuration(this.settings.execTimeoutMs)} health: ${formatDuration(healthcheckIntervalMs)}.`,
    );
    const server = createServer({
      maxHeaderSize: MAX_HEADER_BYTES,
      requestTimeout: readTimeoutMs,
      headersTimeout: readTimeoutMs,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    });
    server.maxHeadersCount = 0;
    server.on('request', (req, res) => this.onRequest(req, res));
    server.on('upgrade', (req, socket, head) => void this.hosted.upgrade(req, socket, head));
    const metricsServer = this.metrics.server();
    process.on('SIGTERM', () => void this.drain(server, metricsServer));
    // Processes of the function have groups of their own, which Ctrl-C does not reach.
    process.on('SIGINT', () => void this.hosted.stop().then(() => process.exit(INTERRUPTED)));
    try {
      await listen(server, port, 'port');
      note(`Listening on port: ${port}`);
      if (lockFile) writeLockFile(lockFile);
      await listen(metricsServer, metricsPort, 'metrics_port');
      note(`Metrics listening on port: ${metricsPort}`);
    } catch (error) {
      await this.hosted.stop();
      throw error;
    }
  }

  private onRequest(req: IncomingMessage, res: ServerResponse): void {
    const path = req.url?.split('?', 1)[0];
    if (path === '/_/health') return this.answerHealth(req, res);
    if (path === '/_/ready' && this.settings.mode === 'http') return this.answerReady(res);
    this.metrics.observe(req, res);
    void this.hosted.handle(req, res);
  }

  private answerHealth(req: IncomingMessage, res: ServerResponse): void {
    if (req.method !== 'GET') return void res.writeHead(405).end();
    // Whoever removes the lock file says that this replica is to get no more calls.
    const { lockFile } = this.single;
    const healthy = this.healthy && (!lockFile || existsSync(lockFile));
    res.writeHead(healthy ? 200 : 503).end(healthy ? 'OK' : '');
  }

  private answerReady(res: ServerResponse): void {
    const { maxInflight } = this.settings;
    if (maxInflight > 0 && this.hosted.inFlight >= maxInflight) return sendOwn(res, tooManyCalls(maxInflight));
    res.writeHead(this.healthy && this.hosted.ready ? 200 : 503).end();
  }

  /** Says that it is going, goes on until nobody sends it anything any more, finishes what runs, and ends. */
  private async drain(server: Server, metricsServer: Server): Promise<void> {
    const { healthcheckIntervalMs, writeTimeoutMs, lockFile } = this.single;
    if (!this.healthy) return;
    this.healthy = false;
    if (lockFile) rmSync(lockFile, { force: true });
    note(`SIGTERM: no new connections in ${formatDuration(healthcheckIntervalMs)}`);
    await sleep(healthcheckIntervalMs);
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeIdleConnections();
    await Promise.race([closed, sleep(writeTimeoutMs)]);
    await this.hosted.stop();
    metricsServer.close();
    process.exit(0);
  }
}

/** Wire contract §4.3. */
class CallMetrics {
  private readonly registry = new Registry();
  private readonly total = new Counter({
    name: 'http_requests_total',
    help: 'Calls of the function.',
    labelNames: ['code', 'method'],
    registers: [this.registry],
  });
  private readonly seconds = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Seconds that calls of the function took.',
    labelNames: ['code', 'method'],
    registers: [this.registry],
  });
  private readonly inFlight = new Gauge({
    name: 'http_requests_in_flight',
    help: 'Calls of the function that are running.',
    registers: [this.registry],
  });

  observe(req: IncomingMessage, res: ServerResponse): void {
    const startedMs = performance.now();
    this.inFlight.inc();
    res.on('close', () => {
      const labels = { code: String(res.statusCode), method: (req.method ?? '').toLowerCase() };
      this.inFlight.dec();
      this.total.inc(labels);
      this.seconds.observe(labels, (performance.now() - startedMs) / 1_000);
    });
  }

  server(): Server {
    const limits = { requestTimeout: METRICS_TIMEOUT_MS, headersTimeout: METRICS_TIMEOUT_MS, connectionsCheckingInterval: METRICS_TIMEOUT_MS };
    return createServer(limits, (req, res) => {
      if (req.url !== '/metrics') return void res.writeHead(404).end();
      void this.registry.metrics().then((text) => res.writeHead(200, { 'Content-Type': this.registry.contentType }).end(text));
    });
  }
}

function listen(server: Server, port: number, setting: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const problem = error.code === 'EADDRINUSE' ? 'is in use' : `cannot be listened on (${error.code})`;
      reject(new SettingsError(`port ${port} ${problem}; set ${setting} to another one`));
    });
    server.listen(port, resolve);
  });
}

function writeLockFile(path: string): void {
  note(`Writing lock-file to: ${path}`);
  try {
    writeFileSync(path, '', { mode: 0o660 });
  } catch (error) {
    throw new SettingsError(`the lock file ${path} cannot be written (${(error as NodeJS.ErrnoException).code}); set TMPDIR or suppress_lock`);
  }
}

function note(text: string): void {
  console.log(`${logDate(new Date())} ${text}`);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
