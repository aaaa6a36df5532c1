import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GatewayProcess } from '../../e2e/gateway-process';

/** Answers after `ms` with `bytes` bytes, 2 by default, once it has thrown the body away, which it begins with after `unread` ms. */
const SOURCE = `
import { createServer } from 'node:http';
const bodies = new Map([[2, Buffer.from('ok')]]);
const bodyOf = (bytes) => bodies.get(bytes) ?? bodies.set(bytes, Buffer.alloc(bytes, 97)).get(bytes);
createServer((req, res) => {
  const query = new URLSearchParams(req.url.split('?')[1]);
  const body = bodyOf(Number(query.get('bytes') ?? 2));
  const answer = () => res.writeHead(Number(query.get('status') ?? 200), { 'Content-Length': body.length }).end(body);
  req.on('end', () => (query.has('ms') ? setTimeout(answer, Number(query.get('ms'))) : answer()));
  query.has('unread') ? setTimeout(() => req.resume(), Number(query.get('unread'))) : req.resume();
}).listen(Number(process.env.PORT), '127.0.0.1');
`;

/** Deploys a function that does as the query says: `ms` it takes, `bytes` of its answer, `status`, `unread` before it reads the body. */
export async function deployLoadFunction(gateway: GatewayProcess, name: string, deployment: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const folder = join(gateway.home, 'bundles', 'load');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'function.yml'), 'command: [node, server.mjs]\nmode: http\n');
  writeFileSync(join(folder, 'server.mjs'), SOURCE);
  await gateway.deploy(name, { image: 'load', ...deployment });
}
