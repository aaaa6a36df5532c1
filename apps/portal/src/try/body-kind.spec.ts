import { bodyKindOf, textOf } from './body-kind';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('bodyKindOf()', () => {
  it.each([
    ['application/json; charset=utf-8', '"<script>"', 'json'],
    ['application/problem+json', 'x', 'json'],
    ['text/html', '{}', 'html'],
    ['image/svg+xml', '<svg/>', 'svg'],
    ['IMAGE/PNG', 'x', 'picture'],
    ['image/vnd.odd', 'x', 'bytes'],
    ['text/csv', 'a,b', 'text'],
    ['application/atom+xml', '<a/>', 'text'],
    ['text/plain', '{"a":1}', 'json'],
    ['text/plain', '{"a":1', 'text'],
    ['application/octet-stream', 'plain words ü', 'text'],
    ['application/octet-stream', 'a\0b', 'bytes'],
    [undefined, '<script>alert(1)</script>', 'text'],
    ['application/pdf', '%PDF', 'bytes'],
    ['text/html', '', 'empty'],
  ])('%s: %j is %s', (type, body, kind) => expect(bodyKindOf(type, bytes(body))).toBe(kind));

  it('takes bytes that are no text for what they are, and a text that is cut within a character for a text', () => {
    expect(bodyKindOf(undefined, new Uint8Array([0xff, 0xfe, 0xfd]))).toBe('bytes');
    expect(bodyKindOf('text/plain', new Uint8Array([0xff]))).toBe('text');
    expect(bodyKindOf(undefined, bytes('ü').slice(0, 1))).toBe('text');
  });
});

it('textOf() reads the character set that the type names, and UTF-8 for one that there is not', () => {
  expect(textOf('text/plain; charset="iso-8859-1"', new Uint8Array([0xe9]))).toBe('é');
  expect(textOf('text/plain; charset=no-such', bytes('é'))).toBe('é');
});
