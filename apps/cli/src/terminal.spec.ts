import { PassThrough } from 'node:stream';
import { note, say, type Terminal } from './terminal';

const HOSTILE = 'a\u001b]0;title\u0007b\u001b]52;c;eA==\u001b\\c\u001b[2Jd\u009b1Ae\r\u0008\tf';

function terminalOf(isTTY: boolean) {
  const [stdout, stderr] = [Object.assign(new PassThrough(), { isTTY }), Object.assign(new PassThrough(), { isTTY })];
  const terminal: Terminal = { stdin: new PassThrough(), stdout, stderr, env: {}, cwd: '/', home: '/', signal: new AbortController().signal };
  return { terminal, written: (stream: PassThrough) => String(stream.read()), stdout, stderr };
}

describe.each(['say', 'note'] as const)('%s()', (name) => {
  const write = { say, note }[name];
  const written = (isTTY: boolean, ...lines: string[]) => {
    const { terminal, written: read, stdout, stderr } = terminalOf(isTTY);
    write(terminal, ...lines);
    return read(name === 'say' ? stdout : stderr);
  };

  it('shows a terminal what it would obey, but for colours', () => {
    expect(written(true, HOSTILE)).toBe('a\ufffd]0;title\ufffdb\ufffd]52;c;eA==\ufffd\\c\ufffd[2Jd\ufffd1Ae\ufffd\ufffd\tf\n');
    expect(written(true, '\u001b[31mred\u001b[39m', '\u001b[1;38;5;9mbold\u001b[m', 'two\nlines')).toBe('\u001b[31mred\u001b[39m\n\u001b[1;38;5;9mbold\u001b[m\ntwo\nlines\n');
  });

  it('gives everybody else every byte', () => {
    expect(written(false, HOSTILE)).toBe(`${HOSTILE}\n`);
  });
});
