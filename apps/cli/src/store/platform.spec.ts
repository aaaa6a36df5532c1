import { imageFor, parsePlatform, platformOf, whyNot } from './platform';
import type { StoreFunction } from './store-function';

const withImages = (images: StoreFunction['images']): StoreFunction => ({ name: 'figlet', title: 'Figlet', description: '', images, readOnlyRootFilesystem: false, environment: {}, labels: {}, annotations: {} });

it.each([
  ['amd64', 'x86_64'],
  ['linux/amd64', 'x86_64'],
  ['X86_64', 'x86_64'],
  ['arm64', 'arm64'],
  ['aarch64', 'arm64'],
  ['linux/arm/v7', 'armhf'],
  ['arm', 'armhf'],
  ['local', 'local'],
  ['riscv64', 'riscv64'],
])('parsePlatform(%j) is %j', (text, platform) => {
  expect(parsePlatform(text)).toBe(platform);
});

it('platformOf() is local where functions are processes, else the processor', () => {
  expect(platformOf({ provider: { orchestration: 'local' }, arch: 'amd64' })).toBe('local');
  expect(platformOf({ provider: { orchestration: 'swarm' }, arch: 'arm' })).toBe('armhf');
  expect(platformOf({ provider: { orchestration: 'swarm' } })).toBeUndefined();
});

it.each([
  [{ x86_64: 'a' }, 'x86_64', undefined],
  [{ x86_64: 'a', arm64: 'b' }, 'armhf', 'it is made for x86_64 and arm64, not for armhf'],
  [{ local: 'a' }, 'x86_64', 'it is for gateways without a container engine only'],
  [{ x86_64: 'a' }, 'local', 'it is an image, which needs a container engine'],
])('whyNot() of %j on %s', (images, platform, reason) => {
  expect(whyNot(withImages(images as StoreFunction['images']), platform)).toBe(reason);
});

it('imageFor() is the image for the platform, and throws where there is none', () => {
  expect(imageFor(withImages({ x86_64: 'a', arm64: 'b' }), 'arm64')).toBe('b');
  expect(() => imageFor(withImages({ x86_64: 'a' }), 'local')).toThrow('figlet does not run there: it is an image, which needs a container engine');
});
