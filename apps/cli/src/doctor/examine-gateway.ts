import { CliError } from '../cli-error';
import type { SystemInfo } from '../gateway/api';
import { textOf, type GatewayClient } from '../gateway/gateway-client';
import { broken, ok, type Finding } from './finding';

/** A date in a header has whole seconds, and an answer takes a while. */
const SKEW_MS = 10_000;

/** What can be said of a gateway: whether it answers, whom it lets in, what it is, and what time it has. */
export async function examineGateway(gateway: GatewayClient): Promise<readonly Finding[]> {
  const askedMs = Date.now();
  let answer;
  try {
    answer = await gateway.send('GET', '/system/info');
  } catch (error) {
    return [brokenBy('gateway', error)];
  }
  const clock = clockAgainst(answer.headers.date, (askedMs + Date.now()) / 2);
  if (answer.status > 299) return [ok('gateway', `${gateway.url} answers`), brokenBy('login', await gateway.refusal(answer)), ...clock];
  const info = parse(await textOf(answer));
  if (info === undefined) return [broken('gateway', `${gateway.url} does not answer as a gateway does`, 'is that the URL of a gateway?'), ...clock];
  const { version, provider } = info;
  return [
    ok('gateway', `${gateway.url}, version ${version?.release ?? 'unknown'}`),
    ok('login', gateway.options.authorization === undefined ? 'none is needed' : 'the gateway accepts it'),
    ok('provider', [provider?.orchestration ?? provider?.provider ?? 'unknown', provider?.version?.release].filter(Boolean).join(' ')),
    ...clock,
  ];
}

/** @param error a `CliError`, whose hint is kept; any other is thrown. */
export function brokenBy(name: string, error: unknown): Finding {
  if (!(error instanceof CliError)) throw error;
  return broken(name, error.message, ...(error.hint === undefined ? [] : [error.hint]));
}

/** @param header of an answer's `Date`. Nothing is said without one. */
export function clockAgainst(header: string | undefined, nowMs: number): readonly Finding[] {
  const theirMs = Date.parse(header ?? '');
  if (Number.isNaN(theirMs)) return [];
  const skewMs = nowMs - theirMs;
  if (Math.abs(skewMs) < SKEW_MS) return [ok('clock', "agrees with the gateway's")];
  return [broken('clock', `${Math.round(Math.abs(skewMs) / 1_000)} s ${skewMs > 0 ? 'ahead of' : 'behind'} the gateway's`, 'let both machines set their clocks by NTP; else --since and schedules mean other times than you do')];
}

function parse(text: string): SystemInfo | undefined {
  try {
    return JSON.parse(text) as SystemInfo;
  } catch {
    return undefined;
  }
}
