import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const portal = join(__dirname, '../../dist/portal');
const MAX_FIRST_VIEW_BYTES = 150_000;

describe('the built portal', () => {
  const page = readFileSync(join(portal, 'index.html'), 'utf8');
  const linked = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file!);

  it('shows the list after 150 kB of scripts and styles, compressed, at most', () => {
    const files = linked.filter((file) => /\.(js|css)$/.test(file));
    expect(files.length).toBeGreaterThan(1);
    const bytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(join(portal, file))).length, 0);
    expect(bytes).toBeLessThan(MAX_FIRST_VIEW_BYTES);
  });

  it('asks for nothing from elsewhere, and has no script and no style in the page itself', () => {
    for (const file of linked) expect(file).toMatch(/^\.\//);
    expect(page).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/);
    const texts = readdirSync(join(portal, 'assets')).filter((file) => /\.(js|css)$/.test(file)).map((file) => readFileSync(join(portal, 'assets', file), 'utf8'));
    for (const text of texts) expect(text.match(/https?:\/\/(?!(www\.w3\.org|127\.0\.0\.1|localhost)\b)[\w.-]+\.\w{2,}/g) ?? []).toEqual([]);
  });

  it('passes the licences of the packages in it on', () => {
    const licences = readFileSync(join(portal, 'assets/licenses.md'), 'utf8');
    for (const name of ['preact', 'lucide', 'uplot']) expect(licences).toContain(name);
  });
});
