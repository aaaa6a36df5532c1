import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A bundle whose function is a server with these routes: JavaScript of `(req, res) => …`, by path. */
export function webBundle(routes: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-bundle-'));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'function.yml'), 'command: [node, server.mjs]\nmode: http\n');
  const ws = JSON.stringify(require.resolve('ws'));
  const table = Object.entries(routes).map(([path, code]) => `${JSON.stringify(path)}: ${code},`).join('\n');
  writeFileSync(
    join(folder, 'server.mjs'),
    `import { createServer } from 'node:http';
import { createRequire } from 'node:module';
const { WebSocketServer } = createRequire(import.meta.url)(${ws});
const routes = {\n${table}\n};
const echo = (req, res) => {
  let body = '';
  req.on('data', (chunk) => (body += chunk)).on('end', () => {
    res.setHeader('X-Pid', process.pid);
    res.end(JSON.stringify({ method: req.method, url: req.url, headers: req.headers, body }));
  });
};
const server = createServer((req, res) => (routes[req.url.split('?')[0]] ?? echo)(req, res));
const sockets = new WebSocketServer({ noServer: true });
server.on('upgrade', (req, socket, head) => {
  if (req.url === '/declined') return socket.end('HTTP/1.1 403 Forbidden\\r\\nContent-Length: 2\\r\\n\\r\\nno');
  sockets.handleUpgrade(req, socket, head, (ws) => {
    if (req.url === '/cookie') ws.send('cookie ' + req.headers.cookie);
    ws.on('message', (text) => ws.send('echo ' + text));
  });
});
server.listen(process.env.PORT, '127.0.0.1');
`,
  );
  return folder;
}
