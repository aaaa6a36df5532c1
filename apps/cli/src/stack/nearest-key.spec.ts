import fc from 'fast-check';
import { nearestKey } from './nearest-key';
import { FUNCTION_KEYS } from './stack-keys';

const keys = FUNCTION_KEYS.map(({ key }) => key);

it.each([
  ['enviroment', 'environment'],
  ['env', 'environment'],
  ['environmentFile', 'environment_file'],
  ['environment_files', 'environment_file'],
  ['Secrets', 'secrets'],
  ['secret', 'secrets'],
  ['skip-build', 'skip_build'],
  ['readonlyRootFilesystem', 'readonly_root_filesystem'],
  ['annotation', 'annotations'],
  ['limit', 'limits'],
  ['lable', 'labels'],
  ['labels', 'labels'],
  ['network', undefined],
  ['x', undefined],
  ['', undefined],
])('nearestKey(%j) is %j', (key, expected) => {
  expect(nearestKey(key, keys)).toBe(expected);
});

it('nearestKey() knows each key by itself, and by itself with one letter left out', () => {
  fc.assert(
    fc.property(fc.constantFrom(...keys), fc.nat(30), (key, at) => nearestKey(key, keys) === key && (key.length < 6 || nearestKey(key.slice(0, at % key.length) + key.slice((at % key.length) + 1), keys) !== undefined)),
  );
});
