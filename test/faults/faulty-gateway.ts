import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask } from '../e2e/ask';
import { AsyncFunction } from '../e2e/async-function';
import { GatewayProcess } from '../e2e/gateway-process';
import { freePort } from '../e2e/watchdog-process';
import { childrenOf, processesWith } from '../processes';
import { SteadyCalls } from './steady-calls';

/** Within which a call is answered, whatever happens to who should answer it. */
export const WRITE_TIMEOUT_MS = 5_000;
/** For a machine that does much else. */
const SLACK_MS = 10_000;
const PATHS = ['/function/web?ms=20', '/function/cmd'];
const EVERY_MS = 100;
/** After it has recovered: what was still on its way has ended by then, and from then on nothing may fail for what has happened. */
const SETTLED_MS = 2_000;
const WATCHED_MS = 1_000;
/** Of those that are served, as many again may meet a limit because the machine does much else. */
const MOST_BUSY = 0.2;

/** A gateway with two workers, one port for all of its starts, and functions of both kinds, whose processes can be found. */
export class FaultyGateway {
  private constructor(readonly gateway: GatewayProcess) {}

  static async start(): Promise<FaultyGateway> {
    const settings = { SHOAL_WORKERS: '2', SHOAL_PORT: String(await freePort()), upstream_timeout: '4s', write_timeout: `${WRITE_TIMEOUT_MS}ms` };
    const gateway = await GatewayProcess.start(settings);
    const annotations = { 'com.openfaas.retry.attempts': '50', 'com.openfaas.retry.min_wait': '100ms', 'com.openfaas.retry.max_wait': '1s' };
    const labels = { 'com.openfaas.scale.max': '1' };
    const envVars = { exec_timeout: '2s' };
    await AsyncFunction.deploy(gateway, 'web', { labels, envVars });
    await AsyncFunction.deploy(gateway, 'later', { labels, annotations, envVars });
    await gateway.deploy('cmd', { labels, envVars, envProcess: 'sleep 0.4' });
    return new FaultyGateway(gateway);
  }

  callSteadily(): SteadyCalls {
    return new SteadyCalls(this.gateway, { paths: PATHS, later: 'later?ms=20', everyMs: EVERY_MS });
  }

  get host(): number | undefined {
    return childrenOf(this.gateway.pid, '-host')[0];
  }

  get workers(): readonly number[] {
    return childrenOf(this.gateway.pid, 'data-plane-worker');
  }

  /** Processes of functions: those that serve HTTP, or those that run a command. */
  functions(kind: 'server' | 'command'): readonly number[] {
    return this.host === undefined ? [] : childrenOf(this.host, kind === 'server' ? 'server.mjs' : 'sleep');
  }

  /** All processes of functions, wherever they have gone: by what they carry in their environment. */
  marked(): readonly number[] {
    const { instanceId } = JSON.parse(readFileSync(join(this.gateway.home, 'settings.json'), 'utf8')) as { instanceId: string };
    return processesWith(`SHOAL_HOST=${instanceId}`);
  }

  /** Resolves with the milliseconds until calls of every function are answered with 200 again, by two workers. */
  async recovered(): Promise<number> {
    const startedMs = performance.now();
    const works = (path: string) => ask(this.gateway.url, 'POST', path, { body: 'x' }).then(({ status }) => status === 200, () => false);
    await this.gateway.until(async () => this.workers.length === 2 && (await Promise.all([...PATHS, '/function/later'].map(works))).every(Boolean), 60_000);
    return performance.now() - startedMs;
  }

  async dispose(): Promise<void> {
    await this.gateway.dispose();
  }
}

/** Goes on calling after all has recovered, stops, and looks whether all is really served again. */
export async function expectServedAgain(calls: SteadyCalls): Promise<void> {
  const fromMs = performance.now() + SETTLED_MS;
  await new Promise((resolve) => setTimeout(resolve, SETTLED_MS + WATCHED_MS));
  await calls.stop();
  const { served, busy, failed } = calls.since(fromMs);
  expect(failed).toEqual([]);
  expect(busy).toBeLessThanOrEqual(served * MOST_BUSY);
}

/** What holds for all of them: each call was answered in time or cut, and each that was accepted has succeeded. */
export async function expectKept(calls: SteadyCalls, { frozenMs = 0 } = {}): Promise<void> {
  expect(calls.unexplained).toEqual([]);
  expect(calls.slowestMs).toBeLessThan(WRITE_TIMEOUT_MS + frozenMs + SLACK_MS);
  expect(calls.counts['200']).toBeGreaterThan(0);
  expect(await calls.endsOfAccepted()).toEqual({ succeeded: calls.acceptedCount });
}
