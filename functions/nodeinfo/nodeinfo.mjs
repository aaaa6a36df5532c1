import { createServer } from 'node:http';
import { arch, cpus, hostname, platform, uptime } from 'node:os';

const METHODS = ['GET', 'HEAD', 'POST'];
/** For calls that are running when it is told to stop. */
const MAX_DRAIN_MS = 5_000;

const server = createServer((req, res) => {
  // While it is stopping, no connection may be kept for another request.
  if (!server.listening) res.setHeader('Connection', 'close');
  if (!METHODS.includes(req.method)) return send(res, 405, 'text/plain', 'Use GET or POST.\n', { Allow: METHODS.join(', ') });
  if (req.url.split('?', 1)[0] !== '/') return send(res, 404, 'text/plain', 'There is nothing here: use / .\n');
  const info = nodeInfo();
  if (wantsText(req.headers.accept)) return send(res, 200, 'text/plain', toText(info), { Vary: 'Accept' });
  send(res, 200, 'application/json', `${JSON.stringify(info)}\n`, { Vary: 'Accept' });
});

server.listen(Number(process.env.PORT), '127.0.0.1');
// Idle connections are closed at once, the others after their answer; then nothing is left to do, and the process ends.
process.once('SIGTERM', () => {
  server.close();
  setTimeout(() => server.closeAllConnections(), MAX_DRAIN_MS).unref();
});

function nodeInfo() {
  return {
    hostname: hostname(),
    platform: platform(),
    arch: arch(),
    nodeVersion: process.version,
    cpus: cpus().length,
    uptimeSeconds: Math.floor(uptime()),
    processUptimeSeconds: Math.floor(process.uptime()),
  };
}

/** JSON is for all who do not ask for text only. */
function wantsText(accept = '') {
  return accept.includes('text/plain') && !accept.includes('application/json');
}

function toText(info) {
  return Object.entries(info).map(([name, value]) => `${name}: ${value}\n`).join('');
}

function send(res, status, type, body, headers = {}) {
  res.writeHead(status, { 'Content-Type': `${type}; charset=utf-8`, 'Content-Length': Buffer.byteLength(body), ...headers });
  res.end(body);
}
