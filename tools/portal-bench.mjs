// What the benchmark and the pictures of the portal share: a gateway with authentication on, and a browser.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { fail, folder, freePort, launch, until } from './measure.mjs';
import { root } from './setup.mjs';

const CHROMIUM = '/usr/bin/chromium';
const PASSWORD_LINE = /password (\S+) \(shown/;

/** Ends the process with one sentence where there is no browser. */
export function requireChromium(who) {
  if (!existsSync(CHROMIUM)) fail(`${who} needs chromium; on Debian: apt-get install chromium`);
}

export function launchChromium() {
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'] });
}

/** Starts a gateway with a data folder of its own; `settings` come on top. Resolves with its URL, password and process id, and `api`, which rejects what it refuses. */
export async function startSignedInGateway(name, settings) {
  const port = await freePort();
  const env = { PATH: process.env.PATH, HOME: folder, SHOAL_HOME: join(folder, name), SHOAL_PORT: String(port), SHOAL_METRICS_PORT: '0', ...settings };
  const child = launch(process.execPath, [join(root, 'dist/gateway/main.cjs')], env);
  await until(() => PASSWORD_LINE.test(child.output) && /^ {2}(Data|Queue) /m.test(child.output), 'the gateway');
  const url = `http://127.0.0.1:${port}`;
  const password = PASSWORD_LINE.exec(child.output)[1];
  const headers = { Authorization: `Basic ${Buffer.from(`admin:${password}`).toString('base64')}` };
  const api = async (method, path, body) => {
    const answer = await fetch(`${url}/${path}`, { method, headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  };
  return { url, password, pid: child.pid, api };
}

/** A page of a browser that is signed in. */
export async function openSignedIn(browser, { url, password }, options) {
  const context = await browser.newContext({ baseURL: url, ...options });
  await context.request.post('/ui/session', { data: { user: 'admin', password } });
  return context.newPage();
}
