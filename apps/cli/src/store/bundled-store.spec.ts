import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { openStores } from './open-stores';

const root = join(__dirname, '../../../..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const samples = readdirSync(join(root, 'functions')).filter((name) => existsSync(join(root, 'functions', name, 'function.yml')));
const { functions: stack } = parse(readFileSync(join(root, 'functions/stack.yml'), 'utf8')) as { functions: Record<string, { annotations: object; labels?: object }> };

it('the bundled store has all sample functions', async () => {
  expect((await openStores({ cwd: root }, [])).map(({ name }) => name).sort()).toEqual(samples);
});

it('the bundled store names the images that npm run build:images makes, and the bundles for local gateways', async () => {
  for (const { name, images } of await openStores({ cwd: root }, [])) {
    const image = `shoal/${name}:${version}`;
    expect(images).toEqual({ local: name, x86_64: image, arm64: image, armhf: image });
  }
});

it('the bundled store says of each function what functions/stack.yml says', async () => {
  for (const { name, annotations, labels } of await openStores({ cwd: root }, [])) {
    expect(annotations).toEqual(stack[name]!.annotations);
    expect(labels).toMatchObject(stack[name]!.labels ?? {});
  }
});
