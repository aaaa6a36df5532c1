import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayProcess } from './gateway-process';

const page = join(__dirname, '../../docs/first-function.md');
const program = join(__dirname, '../../dist/cli/main.cjs');
/** Where the page's gateway listens. */
const SHOWN_URL = 'http://127.0.0.1:8080';
/** Set by who wants the page to show what comes out now. */
const RECORD = process.env['RECORD'] === 'true';

/** A command of the page with what it writes to both of its outputs. */
interface Shown {
  readonly command: string;
  readonly output: string;
}

describe('docs/first-function.md', () => {
  let gateway: GatewayProcess;
  let folder: string;
  let watching: ChildProcess | undefined;

  beforeAll(async () => {
    gateway = await GatewayProcess.start({ basic_auth: 'true' });
    folder = mkdtempSync(join(tmpdir(), 'shoal-first-'));
    mkdirSync(join(folder, 'bin'));
    mkdirSync(join(folder, 'work'));
    writeFileSync(join(folder, 'bin/shoal'), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`);
    chmodSync(join(folder, 'bin/shoal'), 0o755);
  });
  afterAll(async () => {
    watching?.kill('SIGINT');
    await gateway.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  function start(command: string): { readonly child: ChildProcess; readonly output: () => string; readonly ended: Promise<unknown> } {
    const env = { PATH: `${join(folder, 'bin')}:${process.env['PATH']}`, HOME: folder, PASSWORD: gateway.password, SHOAL_GATEWAY: gateway.url };
    const child = spawn('sh', ['-c', `exec 2>&1; ${command}`], { cwd: join(folder, 'work'), env, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    return { child, output: () => output, ended: new Promise((resolve) => child.on('close', resolve)) };
  }

  async function run(command: string): Promise<string> {
    const running = start(command);
    if (command.includes('--watch')) {
      watching = running.child;
      await gateway.until(() => running.output().includes('Ctrl-C ends it'));
    } else {
      await running.ended;
    }
    return running.output();
  }

  it('shows what really comes out', async () => {
    const text = readFileSync(page, 'utf8');
    const blocks = [...text.matchAll(/^```console\n(.*?)^```/gms)].map((match) => match[1]!);
    expect(blocks.length).toBeGreaterThan(3);
    const now: string[] = [];
    for (const block of blocks) {
      const outputs: string[] = [];
      for (const { command } of parse(block)) outputs.push(`$ ${command}\n${shownAs(await run(command))}`);
      now.push(outputs.join(''));
    }
    if (RECORD) writeFileSync(page, now.reduce((result, output, index) => result.replace(blocks[index]!, () => output), text));
    else expect(now.map(timeless)).toEqual(blocks.map(timeless));
  });

  /** As on the machine of whoever reads the page. */
  function shownAs(output: string): string {
    const text = output.replaceAll(gateway.url, SHOWN_URL).replaceAll(join(folder, 'work'), '/home/you').replaceAll(folder, '/home/you');
    return text === '' || text.endsWith('\n') ? text : `${text}\n`;
  }
});

function parse(block: string): readonly Shown[] {
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((part) => ({ command: part.slice(0, part.indexOf('\n')), output: part.slice(part.indexOf('\n') + 1) }));
}

/** Without what is another each time. */
function timeless(text: string): string {
  return text
    .replace(/\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?/g, 'TIME')
    .replace(/\b[0-9a-f]{12}\b|\b[0-9a-f-]{36}\b/g, 'ID')
    .replace(/[\d.]+ ?(ms|s)\b/g, 'SHORT')
    .replace(/^Now: .*|^Arithmetic: .*\n/gm, 'NOW');
}
