// The programs that benches measure: the gateway's hop by itself, and the gateway whole; of this checkout, or of another one.
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bundle, folder, launch, until } from '../measure.mjs';
import { ensureBuilt, ensureInstalled, requireNode, root } from '../setup.mjs';

const MAIN = 'dist/gateway/main.cjs';

/**
 * The checkouts whose gateways are measured: this one, which it builds, and `before` where there is a folder to measure beside.
 *
 * @throws Error when that folder has no build.
 */
export async function prepareCheckouts(beside) {
  requireNode();
  await ensureInstalled();
  await ensureBuilt();
  if (beside === undefined) return [{ name: 'gateway', checkout: root }];
  const before = resolve(beside);
  const missing = [MAIN, 'node_modules', 'test/bench/bench-gateway.ts'].find((path) => !existsSync(join(before, path)));
  if (missing) throw new Error(`${before} has no ${missing}: --beside takes a checkout of this project after npm ci and npm run build.`);
  return [{ name: 'gateway', checkout: root }, { name: 'before', checkout: before }];
}

/** Starts a program of ours that prints its port. Resolves with its process, and its URL without a slash. */
export async function startProgram(args) {
  const child = launch(process.execPath, args);
  await until(() => /^\d+\n/.test(child.output), args.join(' '));
  return { child, pid: child.pid, url: `http://127.0.0.1:${Number.parseInt(child.output)}` };
}

/** The gateway's data plane with all that it does for a call, in front of an upstream that is there already. */
export async function startHop(checkout, upstreamUrl, nodeOptions = []) {
  const { 'bench-gateway': program } = await bundle(['bench-gateway'], checkout);
  const { child, pid, url } = await startProgram([...nodeOptions, program, upstreamUrl]);
  return { child, program, pid, url: `${url}/function/bench` };
}

/** The gateway as its users run it, without samples and authentication, with a data directory of its own. */
export async function startGateway(checkout, { env = {}, nodeOptions = [] } = {}) {
  const child = launchGateway(checkout, { env, nodeOptions });
  await until(() => /^ {2}Data/m.test(child.output), 'the gateway');
  return { child, pid: child.pid, url: /Portal +(http:\/\/[^/]+)/.exec(child.output)[1] };
}

/** Does not wait for it. */
export function launchGateway(checkout, { env = {}, nodeOptions = [] } = {}) {
  const home = mkdtempSync(join(folder, 'home-'));
  const settings = { PATH: process.env.PATH, HOME: home, SHOAL_HOME: home, SHOAL_PORT: '0', SHOAL_METRICS_PORT: '0', SHOAL_SAMPLES: 'false', basic_auth: 'false', ...env };
  return launch(process.execPath, [...nodeOptions, join(checkout, MAIN)], settings);
}

/** Resolves once it takes calls. Under load it would get more replicas, each of which costs by itself: it has one. */
export async function deploy(url, service, deployment) {
  const labels = { 'com.openfaas.scale.max': '1' };
  const answer = await fetch(`${url}/system/functions`, { method: 'POST', body: JSON.stringify({ service, image: service, labels, ...deployment }) });
  if (answer.status !== 202) throw new Error(`deploying ${service}: ${answer.status} ${await answer.text()}`);
  await until(async () => (await (await fetch(`${url}/system/function/${service}`)).json()).availableReplicas >= 1, service);
}

/** What runs functions beside the gateway. */
export function isHost(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('watchdog/main.cjs');
  } catch {
    return false; // It has ended.
  }
}
