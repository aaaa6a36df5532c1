import { existsSync, rmSync, writeFileSync } from 'node:fs';
import type { Exchange } from '@shoal/adapters/http/exchange';
import { HttpServer } from '@shoal/adapters/http/http-server';
import { CgroupMemory } from '@shoal/adapters/process/cgroup-memory';
import { connectionRoom } from '@shoal/adapters/process/connection-room';
import { SystemClock } from '@shoal/adapters/process/system-clock';
import { CONTENT_TYPE } from '@shoal/adapters/prometheus/exposition';
import { MemoryWatch } from '@shoal/domain/processes/out-of-memory';
import { formatDuration } from '@shoal/domain/shared/duration';
import { CallMetrics } from './call-metrics';
import { readFunctionSettings, readSingleSettings, SettingsError, type FunctionSettings, type SingleSettings } from './config';
import { FunctionLog } from './function-log';
import { addressOf, functionOfMode } from './function-of-mode';
import { callIdOf, sendOwn, tooManyCalls, type HostedFunction } from './hosted-function';
import { LineWriter } from '@shoal/adapters/process/line-writer';
import { thisRuntime, type Runtime } from './runtime';

const MAX_HEAD_BYTES = 1024 * 1024;
const KEEP_ALIVE_MS = 180_000;
const METRICS_TIMEOUT_MS = 500;
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
  const ofCalls = { ...settings, writeTimeoutMs: single.writeTimeoutMs };
  await new SingleWatchdog(env as Record<string, string>, ofCalls, single, await thisRuntime()).start(version);
}

class SingleWatchdog {
  private readonly clock = new SystemClock();
  private readonly lines = new LineWriter();
  private readonly log: FunctionLog;
  private readonly hosted: HostedFunction;
  /** In a container all memory is for this process and its function. */
  private readonly memory = new MemoryWatch(new CgroupMemory());
  private readonly metrics = new CallMetrics(this.memory);
  private readonly server: HttpServer;
  private readonly metricsServer: HttpServer;
  private healthy = true;

  constructor(
    env: Readonly<Record<string, string>>,
    private readonly settings: FunctionSettings,
    private readonly single: SingleSettings,
    runtime: Runtime,
  ) {
    const write = (line: string) => this.lines.write(line);
    this.log = new FunctionLog(settings, write);
    this.hosted = functionOfMode({
      settings,
      env,
      runtime,
      clock: this.clock,
      write,
      nextUpstream: async () => ({ ...addressOf(settings.upstreamUrl!), env: {} }),
      changed: () => undefined,
      restarting: (reason) => this.metrics.restarting(reason),
      memory: this.memory,
    });
    const { readTimeoutMs } = single;
    const limits = { maxHeadBytes: MAX_HEAD_BYTES, headTimeoutMs: readTimeoutMs, requestTimeoutMs: readTimeoutMs, keepAliveMs: KEEP_ALIVE_MS };
    const room = connectionRoom((text) => this.log.note(text));
    this.server = new HttpServer(runtime.sockets, { ...limits, room }, (exchange) => void this.handle(exchange));
    const metricsLimits = { ...limits, headTimeoutMs: METRICS_TIMEOUT_MS, requestTimeoutMs: METRICS_TIMEOUT_MS };
    this.metricsServer = new HttpServer(runtime.sockets, metricsLimits, (exchange) => void this.answerMetrics(exchange));
  }

  async start(version: string): Promise<void> {
    const { port, metricsPort, listenAddress, lockFile } = this.single;
    this.log.note(`Version: ${version}`);
    this.noteTimeouts();
    process.on('SIGTERM', () => void this.drain());
    // Processes of the function have groups of their own, which Ctrl-C does not reach.
    process.on('SIGINT', () => void this.hosted.stop().then(() => this.exit(INTERRUPTED)));
    try {
      await listen(this.server, { port, host: listenAddress, setting: 'port' });
      this.log.note(`Listening on port: ${port}`);
      if (lockFile) this.writeLockFile(lockFile);
      await listen(this.metricsServer, { port: metricsPort, host: listenAddress, setting: 'metrics_port' });
      this.log.note(`Metrics listening on port: ${metricsPort}`);
    } catch (error) {
      await this.hosted.stop();
      this.lines.flush();
      throw error;
    }
  }

  private noteTimeouts(): void {
    const { readTimeoutMs, writeTimeoutMs, healthcheckIntervalMs } = this.single;
    const { execTimeoutMs } = this.settings;
    const [read, write, hard, health] = [readTimeoutMs, writeTimeoutMs, execTimeoutMs, healthcheckIntervalMs].map(formatDuration);
    this.log.note(`Timeouts: read: ${read} write: ${write} hard: ${hard} health: ${health}.`);
    if (writeTimeoutMs > 0 && execTimeoutMs > writeTimeoutMs) {
      this.log.note(`exec_timeout (${hard}) is longer than write_timeout: calls end after ${write}`);
    }
  }

  private async handle(exchange: Exchange): Promise<void> {
    const [path] = exchange.target.split('?', 1);
    if (path === '/_/health') return this.answerHealth(exchange);
    // To the classic watchdog this is a path like any other.
    if (path === '/_/ready' && !this.settings.classic) return this.answerReady(exchange);
    const startedMs = this.clock.monotonicMs();
    this.metrics.started();
    await this.hosted.handle(exchange);
    const elapsedMs = this.clock.monotonicMs() - startedMs;
    this.metrics.ended(exchange, elapsedMs);
    if (!this.settings.classic) this.noteCall(exchange, elapsedMs);
  }

  /** Wire contract §5.2.4. */
  private noteCall(exchange: Exchange, elapsedMs: number): void {
    if (exchange.header('user-agent')?.startsWith('kube-probe')) return;
    const { method, target, status, bytesSent } = exchange;
    this.log.call(`${method} ${target} - ${status} - ContentLength: ${bytesSent}B (${(elapsedMs / 1_000).toFixed(4)}s)`, callIdOf(exchange));
  }

  private answerHealth(exchange: Exchange): void {
    if (exchange.method !== 'GET') return exchange.send(405, ['Allow', 'GET']);
    // Whoever removes the lock file says that this replica is to get no more calls.
    const { lockFile } = this.single;
    const healthy = this.healthy && (!lockFile || existsSync(lockFile));
    exchange.send(healthy ? 200 : 503, [], healthy ? 'OK' : '');
  }

  private async answerReady(exchange: Exchange): Promise<void> {
    const { maxInflight } = this.settings;
    if (!this.healthy) return exchange.send(503, []);
    if (this.hosted.answerReady) return this.hosted.answerReady(exchange);
    if (maxInflight > 0 && this.hosted.inFlight >= maxInflight) return sendOwn(exchange, tooManyCalls(maxInflight));
    exchange.send(200, []);
  }

  private async answerMetrics(exchange: Exchange): Promise<void> {
    const [path] = exchange.target.split('?', 1);
    if (path !== '/metrics') return exchange.send(404, []);
    if (exchange.method !== 'GET' && exchange.method !== 'HEAD') return exchange.send(405, ['Allow', 'GET, HEAD']);
    exchange.send(200, ['Content-Type', CONTENT_TYPE], await this.metrics.scrape());
  }

  private writeLockFile(path: string): void {
    this.log.note(`Writing lock-file to: ${path}`);
    try {
      writeFileSync(path, '', { mode: 0o660 });
    } catch (error) {
      throw new SettingsError(`the lock file ${path} cannot be written (${(error as NodeJS.ErrnoException).code}); set TMPDIR or suppress_lock`);
    }
  }

  /** Says that it is going, goes on until nobody sends it anything any more, finishes what runs, and ends. */
  private async drain(): Promise<void> {
    const { healthcheckIntervalMs, writeTimeoutMs, lockFile } = this.single;
    if (!this.healthy) return;
    this.healthy = false;
    if (lockFile) rmSync(lockFile, { force: true });
    this.log.note(`SIGTERM: no new connections in ${formatDuration(healthcheckIntervalMs)}`);
    await sleep(healthcheckIntervalMs);
    const closed = this.server.close();
    await (writeTimeoutMs > 0 ? Promise.race([closed, sleep(writeTimeoutMs)]) : closed);
    await this.hosted.stop();
    this.exit(0);
  }

  private exit(code: number): void {
    this.lines.flush();
    process.exit(code);
  }
}

async function listen(server: HttpServer, { port, host, setting }: { readonly port: number; readonly host: string | undefined; readonly setting: string }): Promise<void> {
  try {
    await server.listen(port, host);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const problem = code === 'EADDRINUSE' ? 'is in use' : `cannot be listened on (${code})`;
    throw new SettingsError(`port ${port} ${problem}; set ${setting} to another one`);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
