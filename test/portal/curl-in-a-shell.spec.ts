import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { curlCommand } from '../../apps/portal/src/try/curl-command';

const url = 'http://gateway/function/echo';

describe('the curl command that the portal offers, in a shell,', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'shoal-curl-'));
    // Says its arguments, and what it is given, as the real one would get them.
    writeFileSync(join(folder, 'curl'), `#!/bin/sh\nprintf '%s\\0' "$@"\ncat\n`);
    chmodSync(join(folder, 'curl'), 0o755);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  // From a file, as somebody would keep it: it may be longer than an argument.
  const run = (command: string) => {
    const script = join(folder, 'command.sh');
    writeFileSync(script, command);
    return execFileSync('sh', [script], { env: { PATH: `${folder}:${process.env['PATH']}` }, encoding: 'utf8', input: '' }).split('\0');
  };

  it('brings a body with NUL, and one that is too long for an argument, by a pipe', () => {
    expect(run(curlCommand({ method: 'POST', url, headers: [], body: { text: 'a\0b\\n\n%s' } })).slice(-3)).toEqual(['@-', 'a', 'b\\n\n%s']);
    const long = "it's\\0 ".repeat(40_000);
    expect(run(curlCommand({ method: 'POST', url, headers: [], body: { text: long } })).at(-1)).toBe(long);
  });

  it('is read by a shell as what was meant, whatever is in it', () => {
    const word = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((text) => !text.includes('\0'));
    const odd = fc.array(fc.constantFrom("'", '"', '\\', '$(id)', '`', '\n', ' ', '!', '~', '*', ';', '&', '-', '=', '@', 'ü', '€'), { maxLength: 10 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(word, odd), fc.oneof(word, odd), (value, text) => {
        const command = curlCommand({ method: 'POST', url: `${url}?q=${encodeURIComponent(value)}`, headers: [{ name: 'X-A', value: `v${value}` }], body: { text } });
        // The last NUL ends the last argument.
        expect(run(command)).toEqual(['-i', '-X', 'POST', `${url}?q=${encodeURIComponent(value)}`, '-H', `X-A: v${value}`, '--data-raw', text, '']);
      }),
      { numRuns: 60 },
    );
  });
});
