import { deploymentOf } from '../deploy/form';
import { findInStore, imageFor, STORE, storeFunction, type StoreFunction } from './store';
import { storeForm } from './store-form';

const one: StoreFunction = { name: 'figlet', title: 'Big letters', description: 'Makes a banner', images: { x86_64: 'a:1', armhf: 'b:1' }, fprocess: 'figlet', environment: { A: 'b' }, labels: { 'com.openfaas.scale.zero': 'true' }, annotations: { c: 'd' }, readOnlyRootFilesystem: true };

it('imageFor() knows processors by the names that the gateway has for them', () => {
  expect(['amd64', 'arm', 'arm64', 'local'].map((arch) => imageFor(one, arch))).toEqual(['a:1', 'b:1', undefined, undefined]);
});

it('findInStore() finds what runs here and has all words', () => {
  expect(findInStore([one], 'banner FIG', 'amd64')).toEqual([one]);
  expect(findInStore([one], '', 'local')).toEqual([]);
  expect(findInStore([one], 'banner fog', 'amd64')).toEqual([]);
  expect(findInStore(STORE, '', 'local')).toEqual(STORE);
});

it('storeForm() asks for all that the store says', () => {
  expect(deploymentOf(storeForm(one, { namespace: 'n', arch: 'amd64' }))).toEqual({
    service: 'figlet',
    namespace: 'n',
    image: 'a:1',
    envProcess: 'figlet',
    envVars: { A: 'b' },
    secrets: [],
    constraints: [],
    labels: { 'com.openfaas.scale.zero': 'true' },
    annotations: { c: 'd' },
    readOnlyRootFilesystem: true,
  });
});

it('storeFunction() is the entry of that name', () => {
  expect(storeFunction('markdown')?.title).toBe('Markdown');
  expect(storeFunction('no-such')).toBeUndefined();
});
