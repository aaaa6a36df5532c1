import { PassThrough } from 'node:stream';
import { COMMANDS } from './commands';
import { run } from './program';
import { takesColour, type Terminal } from './terminal';

/** Runs a command line, and gives all it says. */
async function shoal(args: readonly string[], { env = {}, isTTY = false, signal = new AbortController().signal }: { env?: Record<string, string>; isTTY?: boolean; signal?: AbortSignal } = {}) {
  const [stdout, stderr] = [Object.assign(new PassThrough(), { isTTY }), Object.assign(new PassThrough(), { isTTY })];
  const terminal: Terminal = { stdin: new PassThrough(), stdout, stderr, env, cwd: '/nowhere', home: '/nowhere', signal };
  const code = await run(args, terminal);
  const read = (stream: PassThrough) => (stream.read() as Buffer | null)?.toString() ?? '';
  return { code, stdout: read(stdout), stderr: read(stderr) };
}

describe('run()', () => {
  it.each([['--version'], ['-V']])('%s prints the version alone', async (flag) => {
    expect(await shoal([flag])).toEqual({ code: 0, stdout: expect.stringMatching(/^\S+\n$/), stderr: '' });
  });

  it.each([[['--help']], [['help']], [[]]])('%j lists every command', async (args) => {
    const { code, stdout, stderr } = await shoal(args);
    expect(code).toBe(0);
    for (const { name, summary } of COMMANDS) expect(stdout + stderr).toMatch(new RegExp(`^ +${name}\\b.*${summary.slice(0, 12).replace(/[.*+?^$()|[\]]/g, '\\$&')}`, 'm'));
  });

  it.each([[['help', 'list']], [['list', '--help']], [['ls', '-h']]])('%j tells how a command is used', async (args) => {
    expect(await shoal(args)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Usage: shoal list[^]*--sort/) });
  });

  it('shows defaults that say something, and no others', async () => {
    const { stdout } = await shoal(['up', '--help']);
    expect(stdout).toMatch(/--wait-timeout <duration> .*\(default: 2m\)/);
    expect(stdout).not.toMatch(/default:\s+(false|\[\])/);
  });

  it.each([
    [['nonsense'], "unknown command 'nonsense'"],
    [['list', '--nonsense'], "unknown option '--nonsense'"],
    [['list', '--sort', 'age'], "'age' is invalid"],
    [['list', 'too', 'many'], 'too many arguments'],
    [['scale', 'x'], "missing required argument 'replicas'"],
    [['list', '--timeout', 'soon'], 'must be a duration'],
  ])('%j is told as one error, with 2', async (args, message) => {
    const { code, stdout, stderr } = await shoal(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^Error: .*\n.*--help/);
    expect(stderr).toContain(message);
  });

  it('colours errors on a terminal, unless NO_COLOR', async () => {
    expect((await shoal(['nonsense'], { isTTY: true })).stderr.startsWith('\u001b[31mError')).toBe(true);
    expect((await shoal(['nonsense'], { isTTY: true, env: { NO_COLOR: '1' } })).stderr).toMatch(/^Error/);
    expect((await shoal(['nonsense'])).stderr).toMatch(/^Error/);
  });

  it('ends with 130 when it was interrupted, whatever went wrong by that', async () => {
    expect(await shoal(['list', '--gateway', 'http://127.0.0.1:1'], { signal: AbortSignal.abort() })).toEqual({ code: 130, stdout: '', stderr: 'Interrupted.\n' });
  });
});

describe('takesColour()', () => {
  it.each([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: '1' }, true, false],
    [{ NO_COLOR: '' }, true, true],
    [{ FORCE_COLOR: '1' }, false, true],
    [{ FORCE_COLOR: '0' }, false, false],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, true, false],
    [{ TERM: 'dumb' }, true, false],
  ])('%j, terminal %s: %s', (env, isTTY, expected) => {
    expect(takesColour({ env } as unknown as Terminal, { isTTY })).toBe(expected);
  });
});
