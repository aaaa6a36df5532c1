import { WATCHDOG_IMAGE } from './describe-on-engine';

/** Says where it runs and which version it is. A call of `/slow` takes 300 ms. */
const PROGRAM = `
  const { createServer } = require('node:http');
  const answer = process.env.VERSION + ' on ' + process.env.NODE_NAME;
  createServer((req, res) => setTimeout(() => res.end(answer), req.url === '/slow' ? 300 : 0)).listen(3000, '127.0.0.1');
`;

/** What is deployed: a server of HTTP behind the watchdog, which needs no image of its own. */
export function httpFunction(service: string, version: number, labels: Readonly<Record<string, string>> = {}) {
  const program = { PROGRAM, VERSION: String(version), NODE_NAME: '{{.Node.Hostname}}' };
  const envVars = { ...program, mode: 'http', upstream_url: 'http://127.0.0.1:3000' };
  // Nothing but the spec itself scales it: no alert comes.
  const all = { 'com.openfaas.scale.type': 'alert', ...labels };
  return { service, image: WATCHDOG_IMAGE, envProcess: 'node -e eval(process.env.PROGRAM)', envVars, labels: all };
}
