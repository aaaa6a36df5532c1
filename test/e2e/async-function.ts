import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GatewayProcess } from './gateway-process';

/**
 * Notes each call in a file before and after it has run, and does as the query says: `status`, `ms` it takes, `fail` as often
 * as said before it succeeds, `after` for `Retry-After`.
 */
const SOURCE = `
import { createServer } from 'node:http';
import { appendFileSync } from 'node:fs';
const note = (text) => appendFileSync(process.env.NOTES, text + '\\n');
const failed = new Map();
createServer((req, res) => {
  const chunks = [];
  req.on('data', (chunk) => chunks.push(chunk)).on('end', () => {
    const body = Buffer.concat(chunks);
    const id = req.headers['x-call-id'];
    const query = new URL(req.url, 'http://x').searchParams;
    note('begin ' + id + ' ' + (req.headers['x-retry-attempt'] ?? 0));
    const times = failed.get(id) ?? 0;
    failed.set(id, times + 1);
    const status = times < Number(query.get('fail') ?? 0) ? 500 : Number(query.get('status') ?? 200);
    const end = () => {
      note('end ' + id);
      if (query.get('after')) res.setHeader('Retry-After', query.get('after'));
      res.writeHead(status, { 'X-Own': 'yes', 'Content-Type': query.get('type') ?? 'application/json' });
      res.end(query.get('bytes') ? Buffer.alloc(Number(query.get('bytes')), 97) : query.get('say') ?? JSON.stringify({ method: req.method, url: req.url, headers: req.headers, body: body.toString('base64') }));
    };
    Number(query.get('ms')) > 0 ? setTimeout(end, Number(query.get('ms'))) : end();
  });
}).listen(Number(process.env.PORT), '127.0.0.1');
`;

/** A function that keeps account of its calls. */
export class AsyncFunction {
  private constructor(private readonly notes: string) {}

  static async deploy(gateway: GatewayProcess, name: string, deployment: Readonly<Record<string, unknown>> = {}): Promise<AsyncFunction> {
    const notes = join(gateway.home, `${name}.notes`);
    const folder = join(gateway.home, 'bundles', name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'function.yml'), 'command: [node, server.mjs]\nmode: http\n');
    writeFileSync(join(folder, 'server.mjs'), SOURCE);
    await gateway.deploy(name, { ...deployment, envVars: { NOTES: notes, ...(deployment['envVars'] as Readonly<Record<string, string>> | undefined) } });
    return new AsyncFunction(notes);
  }

  /** Ids of calls in the order in which they were begun, once for each time. */
  begun(): string[] {
    return this.lines('begin').map(([id]) => id!);
  }

  ended(): string[] {
    return this.lines('end').map(([id]) => id!);
  }

  /** What `X-Retry-Attempt` said, each time that the call was begun; 0 where it was absent. */
  repeatsOf(id: string): number[] {
    return this.lines('begin').filter(([one]) => one === id).map(([, repeats]) => Number(repeats));
  }

  private lines(kind: string): string[][] {
    let text = '';
    try {
      text = readFileSync(this.notes, 'utf8');
    } catch {
      // Nobody has called yet.
    }
    return text.split('\n').map((line) => line.split(' ')).filter(([one]) => one === kind).map(([, ...rest]) => rest);
  }
}
