// What it costs to accept an asynchronous call, on the disk, beside a direct call through the same gateway.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, measure, wrk } from '../measure.mjs';
import { compare } from './compare.mjs';
import { deploy, isHost, startGateway } from './gateways.mjs';

const BODY_BYTES = 100;
const CONNECTIONS = [1, 32];
const WARM_UP_SECONDS = 3;
/** `hop` answers; `sink` takes one call and never ends it, so that all others stay in the queue. */
const FUNCTIONS = { hop: 'res.writeHead(200, { "Content-Length": 12 }).end("hello world\\n");', sink: '' };

/** Processor time is the gateway's own, on both ways: the function and its host are left out. */
export async function benchAsync({ checkouts, rounds, seconds }) {
  const script = join(folder, 'async.lua');
  writeFileSync(script, `wrk.method = "POST"\nwrk.body = string.rep("x", ${BODY_BYTES})\n`);
  const gateways = [];
  for (const { name, checkout } of checkouts) {
    const { pid, url } = await startGateway(checkout, { env: { upstream_timeout: '1h', write_timeout: '1h' } });
    for (const [service, answer] of Object.entries(FUNCTIONS)) await deployServer(url, service, answer);
    gateways.push({ name, pid, url });
  }
  const targets = [...gateways.map((gateway) => ({ ...gateway, url: `${gateway.url}/async-function/sink` })), { ...gateways[0], name: 'direct', url: `${gateways[0].url}/function/hop` }];
  for (const { url } of targets) await wrk(url, { connections: CONNECTIONS.at(-1), seconds: WARM_UP_SECONDS, script });
  const results = [];
  for (const connections of CONNECTIONS) {
    const row = { what: `accept an asynchronous call of ${BODY_BYTES} B, ${connections} conn.`, beside: 'direct call' };
    results.push(await compare(row, targets, rounds, (target) => measure(target, { connections, seconds, script }, { without: isHost })));
  }
  return results;
}

function deployServer(url, service, answer) {
  const file = join(folder, `${service}.cjs`);
  writeFileSync(file, `require('node:http').createServer((req, res) => { req.resume(); ${answer} }).listen(process.env.PORT, '127.0.0.1');`);
  const annotations = { 'com.openfaas.async.concurrency': '1' };
  return deploy(url, service, { envProcess: `${process.execPath} ${file}`, envVars: { mode: 'http' }, annotations });
}
