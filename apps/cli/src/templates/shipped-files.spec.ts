import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { shippedTemplates, type ShippedFile } from './shipped-files';

const tool = join(__dirname, '../../../../tools/shipped-files.mjs');

function shippedFiles(folder?: string): Record<string, ShippedFile> {
  const call = `import { shippedFiles } from ${JSON.stringify(pathToFileURL(tool).href)}; console.log(JSON.stringify(shippedFiles(${JSON.stringify(folder)})))`;
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '--eval', call], { encoding: 'utf8' })) as Record<string, ShippedFile>;
}

describe('shippedTemplates()', () => {
  it('has all templates of this repository, each with a template.yml, a README and a handler to begin with', () => {
    const templates = shippedTemplates(shippedFiles());
    expect([...templates.keys()]).toEqual(['bash', 'dockerfile', 'go', 'node', 'node-ts', 'python3']);
    for (const files of templates.values()) {
      expect([...files.keys()]).toEqual(expect.arrayContaining(['template.yml', 'README.md', expect.stringMatching(/^function\//)]));
    }
    expect(templates.get('bash')!.get('function/handler.sh')!.mode).toBe(0o755);
    expect(templates.get('node')!.get('server.mjs')!.mode).toBe(0o644);
  });

  it('leaves out what tests and editors leave behind', () => {
    const folder = mkdtempSync(join(tmpdir(), 'shoal-shipped-'));
    for (const path of ['a', 'a/node_modules', 'a/__pycache__', 'a/.vscode']) mkdirSync(join(folder, path));
    for (const path of ['a/x', 'a/node_modules/x', 'a/__pycache__/x', 'a/.vscode/x', 'a/x~', 'a/.x.swp', 'a/.dockerignore']) writeFileSync(join(folder, path), 'x', { mode: 0o600 });
    expect(shippedFiles(folder)).toEqual({ 'a/.dockerignore': { mode: 0o644, text: 'x' }, 'a/x': { mode: 0o644, text: 'x' } });
    rmSync(folder, { recursive: true });
  });

  it('has none where nothing was built in', () => {
    expect(shippedTemplates().size).toBe(0);
  });
});
