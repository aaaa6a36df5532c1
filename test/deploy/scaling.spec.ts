import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { GatewayProcess } from '../e2e/gateway-process';
import { describeWithPrograms } from '../describe-with';
import { freePort } from './free-port';
import { PrometheusProcess } from './prometheus-process';

jest.setTimeout(120_000);

const read = (file: string) => readFileSync(join(__dirname, '../../deploy/prometheus', file), 'utf8');
const scale = (labels: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(labels).map(([name, value]) => [`com.openfaas.scale.${name}`, value]));

interface Change {
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

const story = async (gateway: GatewayProcess, name: string) =>
  (await (await fetch(`${gateway.url}/system/function/${name}/scaling`, { headers: gateway.authorization() })).json()) as { changes: Change[] };
const replicas = async (gateway: GatewayProcess, name: string) =>
  ((await (await fetch(`${gateway.url}/system/function/${name}`, { headers: gateway.authorization() })).json()) as { replicas: number }).replicas;

/** Twenty calls a second, as a rule, until `stop` is called, which resolves with the statuses that were not 200. */
function callOften(gateway: GatewayProcess, name: string, pauseMs = 50): () => Promise<number[]> {
  const failures: number[] = [];
  const running = new Set<Promise<void>>();
  const timer = setInterval(() => {
    const call = fetch(`${gateway.url}/function/${name}`, { method: 'POST', body: 'x' }).then(({ status }) => void (status !== 200 && failures.push(status)));
    running.add(call);
    void call.finally(() => running.delete(call));
  }, pauseMs);
  return async () => {
    clearInterval(timer);
    await Promise.all(running);
    return failures;
  };
}

describeWithPrograms('scaling by alerts', ['prometheus', 'prometheus-alertmanager'], 'prometheus prometheus-alertmanager', () => {
  let gateway: GatewayProcess;
  let prometheus: PrometheusProcess;
  let alertmanager: AlertmanagerProcess;

  beforeAll(async () => {
    gateway = await GatewayProcess.start({ basic_auth: 'true' });
    alertmanager = await AlertmanagerProcess.start(gateway);
    prometheus = await PrometheusProcess.start(gateway.metricsUrl, {
      scrapeInterval: '1s',
      // The rules as they are, with waits that a test can sit out.
      rules: read('alert.rules.yml').replace('interval: 5s', 'interval: 1s').replace('for: 5s', 'for: 1s').replace('[10s]', '[4s]'),
      config: { alerting: { alertmanagers: [{ static_configs: [{ targets: [`127.0.0.1:${alertmanager.port}`] }] }] } },
    });
  });
  afterAll(async () => {
    await prometheus.stop();
    await alertmanager.stop();
    await gateway.dispose();
  });

  it('takes a function from load to more replicas and back, in steps, without losing a call', async () => {
    await gateway.deploy('alerted', { envProcess: 'cat', labels: scale({ type: 'alert', max: '10' }) });
    await gateway.deploy('quiet', { envProcess: 'cat', labels: scale({ type: 'alert' }) });
    const stop = callOften(gateway, 'alerted');
    await gateway.until(async () => (await replicas(gateway, 'alerted')) >= 5, 60_000);
    expect(await stop()).toEqual([]);
    // A call now and then goes on while they go.
    const stopLast = callOften(gateway, 'alerted', 500);
    await gateway.until(async () => (await replicas(gateway, 'alerted')) === 1, 60_000);
    expect(await stopLast()).toEqual([]);
    const { changes } = await story(gateway, 'alerted');
    expect(changes.at(-1)).toMatchObject({ from: 1, to: 3, reason: 'alert' });
    expect(changes[0]).toMatchObject({ to: 1, reason: 'alert' });
    expect((await story(gateway, 'quiet')).changes).toEqual([]);
  });

  it('answers an overload more slowly than the built-in autoscaler, which is within 3 s', async () => {
    await gateway.deploy('by-alert', { envProcess: 'cat', labels: scale({ type: 'alert' }) });
    await gateway.deploy('built-in', { envProcess: 'cat', labels: scale({ type: 'rps', target: '5' }) });
    const byAlertMs = await answerTime(gateway, 'by-alert');
    const builtInMs = await answerTime(gateway, 'built-in');
    process.stdout.write(`from 20 calls a second to more replicas: ${byAlertMs} ms by Prometheus and Alertmanager, ${builtInMs} ms by the built-in autoscaler\n`);
    expect(builtInMs).toBeLessThan(3_000);
    expect(builtInMs).toBeLessThan(byAlertMs);
  });
});

/** Resolves with the milliseconds from the first of many calls to the order for more replicas. */
async function answerTime(gateway: GatewayProcess, name: string): Promise<number> {
  const startedMs = Date.now();
  const stop = callOften(gateway, name);
  await gateway.until(async () => (await replicas(gateway, name)) > 1, 60_000);
  const tookMs = Date.now() - startedMs;
  expect(await stop()).toEqual([]);
  return tookMs;
}

describeWithPrograms('scaling by what Prometheus measures', ['prometheus'], 'prometheus', () => {
  let gateway: GatewayProcess;
  let prometheus: PrometheusProcess;

  beforeAll(async () => {
    // It has to know where Prometheus will be before Prometheus can know where it is.
    const first = await GatewayProcess.start();
    prometheus = await PrometheusProcess.start(first.metricsUrl, { scrapeInterval: '1s' });
    const { port } = new URL(first.metricsUrl);
    await first.dispose();
    gateway = await GatewayProcess.start({
      SHOAL_METRICS_PORT: port,
      faas_prometheus_host: '127.0.0.1',
      faas_prometheus_port: String(prometheus.port),
      SHOAL_CPU_QUERY: 'sum by (function_name) (gateway_service_count{function_name="hot.openfaas-fn"} * 0 + 1200)',
    });
    await prometheus.until('up == 1');
  });
  afterAll(async () => {
    await gateway.dispose();
    await prometheus.stop();
  });

  it('goes up with the calls, back down after them, and asleep when there are none', async () => {
    await gateway.deploy('measured', { envProcess: 'cat', labels: scale({ target: '5', 'down.window': '3s', zero: 'true', 'zero-duration': '5s' }) });
    const stop = callOften(gateway, 'measured');
    await gateway.until(async () => (await replicas(gateway, 'measured')) >= 3);
    expect(await stop()).toEqual([]);
    await gateway.until(async () => (await replicas(gateway, 'measured')) === 0, 60_000);
    const { changes } = await story(gateway, 'measured');
    expect(changes[0]).toMatchObject({ to: 0, reason: 'idle' });
    // Prometheus does not know of the call that wakes it.
    expect((await fetch(`${gateway.url}/function/measured`, { method: 'POST', body: 'x' })).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await replicas(gateway, 'measured')).toBeGreaterThanOrEqual(1);
  });

  it('scales by CPU, where there is a query for it', async () => {
    await gateway.deploy('hot', { envProcess: 'cat', labels: scale({ type: 'cpu', target: '500' }) });
    await gateway.until(async () => (await replicas(gateway, 'hot')) === 3);
  });

  it('says so once when Prometheus is gone, and leaves everything as it is', async () => {
    await gateway.deploy('kept', { envProcess: 'cat', labels: scale({ min: '2' }) });
    await prometheus.stop();
    await gateway.until(() => gateway.output.includes('nothing scales: Prometheus cannot be asked'), 10_000);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(gateway.output.match(/nothing scales: /g)).toHaveLength(1);
    expect(await replicas(gateway, 'kept')).toBe(2);
    prometheus = await PrometheusProcess.start(gateway.metricsUrl);
  });
});

/** A real Alertmanager with our configuration, but for where the gateway is and for how long it waits. */
class AlertmanagerProcess {
  private constructor(
    readonly port: number,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  static async start(gateway: GatewayProcess): Promise<AlertmanagerProcess> {
    const folder = mkdtempSync(join(tmpdir(), 'shoal-alertmanager-'));
    writeFileSync(join(folder, 'password'), gateway.password, { mode: 0o600 });
    const config = parse(read('alertmanager.yml')) as {
      route: Record<string, unknown>;
      receivers: { webhook_configs?: { url: string; http_config: { basic_auth: Record<string, string> } }[] }[];
    };
    Object.assign(config.route, { group_wait: '0s', group_interval: '1s', repeat_interval: '2s' });
    for (const webhook of config.receivers.flatMap(({ webhook_configs = [] }) => webhook_configs)) {
      webhook.url = webhook.url.replace('http://tasks.gateway:8080', gateway.url);
      webhook.http_config.basic_auth = { username: 'admin', password_file: join(folder, 'password') };
    }
    writeFileSync(join(folder, 'alertmanager.yml'), stringify(config));
    const port = await freePort();
    const args = [`--config.file=${folder}/alertmanager.yml`, `--storage.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`, '--cluster.listen-address='];
    const started = new AlertmanagerProcess(port, spawn('prometheus-alertmanager', args, { stdio: 'ignore' }), folder);
    while (!(await fetch(`http://127.0.0.1:${port}/-/ready`).then(({ ok }) => ok, () => false))) {
      if (started.child.exitCode !== null) throw new Error(`Alertmanager ended with ${started.child.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return started;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill();
    await ended;
    rmSync(this.folder, { recursive: true });
  }
}
