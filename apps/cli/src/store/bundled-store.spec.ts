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

it('the bundled store has a picture for each function, named from its own folder', async () => {
  for (const { name, icon } of await openStores({ cwd: root }, [])) {
    expect(icon).toBe(`${name}/icon.svg`);
    expect(readFileSync(join(root, 'functions', icon!), 'utf8')).toMatch(/^<svg xmlns="[^"]+" viewBox="0 0 64 64">\n {2}<title>\w/);
  }
});
