import { formOf } from './form';
import { scalingDigest } from './scaling-digest';

it.each([
  [{ 'com.openfaas.scale.min': '2', 'com.openfaas.scale.max': '2', 'com.openfaas.scale.type': 'cpu' }, 'always 2, by CPU in use'],
  [{ 'com.openfaas.scale.max': '4', 'com.openfaas.scale.zero': 'true', 'com.openfaas.scale.zero-duration': '20m' }, '1 to 4, by calls a second, asleep after 20 min'],
  [{ 'com.openfaas.scale.max': 'few' }, 'not a policy yet'],
])('scalingDigest() of %j is: %s', (labels, text) => {
  expect(scalingDigest(formOf({ labels }))).toBe(text);
});
