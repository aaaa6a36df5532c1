import { parseFunctionSpec, type FunctionSpec } from '@shoal/domain/functions/function-spec';
import fc from 'fast-check';
import type { FunctionStatus } from '../api/function-status';
import { entriesOf } from './entries';
import { deploymentOf, formOf, labelsOf, withOwnFields } from './form';

/** As the gateway tells it: what is empty is left out, and a label more is there. */
function deployed({ id, ...spec }: FunctionSpec): FunctionStatus {
  const { readOnlyRootFilesystem, ...told } = spec;
  return { ...told, ...(readOnlyRootFilesystem ? { readOnlyRootFilesystem } : {}), ...id, labels: { ...spec.labels, faas_function: id.name }, replicas: 1, availableReplicas: 1, createdAt: '2026-01-01T00:00:00Z' };
}

const text = fc.stringMatching(/^[ -~]{1,12}$/);
const line = fc.stringMatching(/^[!-~]([ -~]{0,10}[!-~])?$/);
const name = fc.stringMatching(/^[a-z]([-a-z0-9]{0,8}[a-z0-9])?$/);
const map = (key: fc.Arbitrary<string>) => fc.dictionary(key, fc.string({ unit: fc.constantFrom(...'aB1 =\n"'), maxLength: 8 }), { maxKeys: 4 });
const specs = fc
  .record(
    {
      service: name,
      namespace: name,
      image: fc.stringMatching(/^[!-~]{1,20}$/),
      envProcess: line,
      envVars: map(fc.stringMatching(/^[A-Z_]{1,6}$/)),
      constraints: fc.uniqueArray(line, { maxLength: 3 }),
      secrets: fc.uniqueArray(name, { maxLength: 3 }),
      labels: map(text).chain((others) =>
        fc.record({ 'com.openfaas.scale.min': fc.constantFrom('0', '2'), 'com.openfaas.scale.zero': fc.constantFrom('true', 'false', '1', '0'), 'com.openfaas.scale.down.window': fc.constantFrom('1m', '45s'), 'com.openfaas.scale.other': text }, { requiredKeys: [] }).map((own) => ({ ...others, ...own })),
      ),
      annotations: map(text).chain((others) => fc.record({ schedule: fc.constant('@daily'), 'schedule.missed': fc.constantFrom('once', 'skip'), 'schedule.timezone': fc.constant('Asia/Tokyo') }, { requiredKeys: [] }).map((own) => ({ ...others, ...own }))),
      limits: fc.record({ memory: fc.constantFrom('128Mi', '1.5g'), cpu: fc.constantFrom('100m', '0.5') }, { requiredKeys: [] }),
      requests: fc.record({ memory: fc.constant('64 MB') }, { requiredKeys: [] }),
      readOnlyRootFilesystem: fc.boolean(),
      network: name,
    },
    { requiredKeys: ['service', 'namespace', 'image'] },
  )
  .map((input) => parseFunctionSpec(input));

/** Limits without any amount are no limits. */
const plain = ({ limits, requests, ...spec }: FunctionSpec) => ({ ...spec, ...(limits?.memory || limits?.cpu ? { limits } : {}), ...(requests?.memory ? { requests } : {}) });

it('formOf() and deploymentOf() lose nothing of any function', () => {
  fc.assert(
    fc.property(specs, (spec) => {
      expect(plain(parseFunctionSpec(deploymentOf(formOf(deployed(spec)))))).toEqual(plain(spec));
    }),
  );
});

it('formOf() puts the policy and the schedule into fields of their own', () => {
  const form = formOf({ name: 'a', namespace: 'b', image: 'c', labels: { 'com.openfaas.scale.max': '5', 'com.openfaas.scale.new': '1', faas_function: 'a' }, annotations: { schedule: '@daily', topic: 't' } });
  expect(form.scaling).toMatchObject({ max: '5', min: '' });
  expect(form.labels).toMatchObject([{ name: 'com.openfaas.scale.new', value: '1' }]);
  expect(form.schedule).toMatchObject({ schedule: '@daily', 'schedule.timezone': '' });
  expect(form.annotations).toMatchObject([{ name: 'topic' }]);
});

it('withOwnFields() moves a label that was written among the others, once it has a value', () => {
  const form = { ...formOf(), labels: entriesOf({ 'com.openfaas.scale.max': '7', 'com.openfaas.scale.min': '', team: 'x' }) };
  const { scaling, labels } = withOwnFields(form);
  expect(scaling).toMatchObject({ max: '7', min: '' });
  expect(labels.map((one) => one.name)).toEqual(['com.openfaas.scale.min', 'team']);
  expect(labelsOf({ scaling, labels })).toEqual({ 'com.openfaas.scale.max': '7', 'com.openfaas.scale.min': '', team: 'x' });
});

it('deploymentOf() takes space off names and amounts, and leaves out what is empty', () => {
  const form = { ...formOf({ name: ' a ', namespace: 'n', image: ' i ' }), command: ' ', limits: { memory: ' 1g ', cpu: ' ' }, constraints: ' a == b \n\n' };
  expect(deploymentOf(form)).toEqual({ service: 'a', namespace: 'n', image: 'i', envVars: {}, secrets: [], labels: {}, annotations: {}, limits: { memory: '1g' }, readOnlyRootFilesystem: false, constraints: ['a == b'] });
});
