import { hexDump } from './hex-dump';

it('hexDump() shows where, what, and as what', () => {
  const bytes = new Uint8Array([...new TextEncoder().encode('GIF89a <script>x'), 0, 255]);
  expect(hexDump(bytes)).toBe(
    '000000  47 49 46 38 39 61 20 3c 73 63 72 69 70 74 3e 78  GIF89a <script>x\n' +
      '000010  00 ff                                            ··',
  );
  expect(hexDump(new Uint8Array())).toBe('');
});
