import { inOrder, sectionOf } from './sections';

it.each([
  ['service', undefined],
  ['envVars.A', 'environment'],
  ['labels.com.openfaas.scale.max', 'scaling'],
  ['labels.other', 'labels'],
  ['annotations.schedule.timezone', 'schedule'],
  ['annotations.topic', 'labels'],
  ['requests.cpu', 'resources'],
  ['network', 'advanced'],
])('sectionOf() has %s in %s', (path, section) => {
  expect(sectionOf(path)).toBe(section);
});

it('inOrder() begins at the top of the form', () => {
  const problems = new Map(['constraints', 'labels.a', 'envVars.A', 'image'].map((path) => [path, 'wrong']));
  expect(inOrder(problems).map(([path]) => path)).toEqual(['image', 'envVars.A', 'labels.a', 'constraints']);
});
