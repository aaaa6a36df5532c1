import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assemble } from '../build/assemble';
import { listTemplates, loadTemplate } from '../templates/template';
import { createFunction } from './create-function';

const shipped = join(__dirname, '../../../../templates');
let folder: string;

beforeEach(() => (folder = realpathSync(mkdtempSync(join(tmpdir(), 'shoal-create-')))));
afterEach(() => rmSync(folder, { recursive: true }));

async function create(lang: string, name: string): Promise<void> {
  const entry = { name, lang, handler: `./${name}`, image: `${name}:latest` };
  await createFunction({ env: {}, folder, file: 'stack.yaml', template: await loadTemplate(lang, shipped), gateway: 'http://127.0.0.1:8080', entry });
}

describe('createFunction()', () => {
  it('makes of each template that comes with shoal what can be built as it is', async () => {
    for (const lang of await listTemplates(shipped)) {
      await create(lang, `my-${lang}`);
      expect(await assemble({ function: { name: `my-${lang}`, handler: `./my-${lang}` }, template: await loadTemplate(lang, shipped), folder, copy: [] })).toBe(join(folder, 'build', `my-${lang}`));
    }
    expect(readdirSync(join(folder, 'my-node-ts')).sort()).toEqual(['handler.test.ts', 'handler.ts', 'package.json', 'tsconfig.json', 'types.ts']);
    expect(readdirSync(join(folder, 'my-dockerfile')).sort()).toEqual(['Dockerfile', 'test.sh']);
    expect(readFileSync(join(folder, 'stack.yaml'), 'utf8')).toContain('my-node-ts:');
  });

  it('makes a folder for its user only, and changes nothing when one is there', async () => {
    await create('bash', 'hello');
    expect(statSync(join(folder, 'hello')).mode & 0o777).toBe(0o700);
    const before = readFileSync(join(folder, 'stack.yaml'), 'utf8');
    await expect(create('node', 'hello')).rejects.toMatchObject({ reason: 'conflict' });
    expect(readFileSync(join(folder, 'stack.yaml'), 'utf8')).toBe(before);
    expect(readdirSync(join(folder, 'hello'))).toContain('handler.sh');
  });
});
