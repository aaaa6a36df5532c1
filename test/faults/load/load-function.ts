import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GatewayProcess } from '../../e2e/gateway-process';

/** Answers after `ms` with `bytes` bytes, 2 by default, once it has thrown the body away. */
const SOURCE = `
import { createServer } from 'node:http';
createServer((req, res) => {
  req.resume().on('end', () => {
    const query = new URLSearchParams(req.url.split('?')[1]);
    const body = query.has('bytes') ? Buffer.alloc(Number(query.get('bytes')), 97) : 'ok';
    const answer = () => res.writeHead(Number(query.get('status') ?? 200), { 'Content-Length': body.length }).end(body);
    query.has('ms') ? setTimeout(answer, Number(query.get('ms'))) : answer();
  });
}).listen(Number(process.env.PORT), '127.0.0.1');
`;

/** Deploys a function that does as the query says: `ms` it takes, `bytes` of its answer, `status`. */
export async function deployLoadFunction(gateway: GatewayProcess, name: string, deployment: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const folder = join(gateway.home, 'bundles', 'load');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'function.yml'), 'command: [node, server.mjs]\nmode: http\n');
  writeFileSync(join(folder, 'server.mjs'), SOURCE);
  await gateway.deploy(name, { image: 'load', ...deployment });
}
