import type { FunctionSpecInput } from '@shoal/domain/functions/function-spec';
import { aFunction } from '@shoal/domain/testing/function-spec';
import { maxInflightOf, portOf, serviceNameOf, toFunctionSpec, toServiceSpec } from './service-spec';
import type { Service, ServiceSpec } from './swarm-types';

const options = { defaultNamespace: 'ns', networks: ['net1'], secrets: [], image: 'acme/fn:1', replicas: 1, forceUpdate: 0, callTimeoutMs: 60_000 };
const service = (Spec: ServiceSpec): Service => ({ ID: 's1', Version: { Index: 1 }, CreatedAt: '', UpdatedAt: '', Spec });
const specOf = (rest: Partial<FunctionSpecInput> = {}) => toServiceSpec(aFunction('fn', { image: 'acme/fn:1', ...rest }), options);
const container = (rest: Partial<FunctionSpecInput> = {}) => specOf(rest).TaskTemplate.ContainerSpec!;
const seconds = (text: Partial<FunctionSpecInput>['envVars']) => container({ envVars: text! }).StopGracePeriod! / 1e9;

describe('serviceNameOf()', () => {
  it('is the name itself in the default namespace, where existing tools look for it', () => {
    expect(serviceNameOf({ name: 'fn', namespace: 'ns' }, 'ns')).toBe('fn');
    expect(serviceNameOf({ name: 'fn', namespace: 'other' }, 'ns')).toBe('other_fn');
  });

  it('rejects what is too long for Swarm', () => {
    const name = 'a'.repeat(60);
    expect(serviceNameOf({ name, namespace: 'nn' }, 'ns')).toHaveLength(63);
    expect(() => serviceNameOf({ name, namespace: 'nnn' }, 'ns')).toThrow(/more than 62 characters together/);
  });
});

describe('toServiceSpec()', () => {
  it.each<[string, Partial<FunctionSpecInput>]>([
    ['the least', {}],
    ['a command', { envProcess: 'cat -n' }],
    ['variables with equals signs and without a value', { envVars: { A: 'b=c', EMPTY: '' } }],
    ['amounts as they were written', { limits: { memory: '1Gi', cpu: '0.5' }, requests: { memory: '64 MB', cpu: '100m' } }],
    ['one amount only', { limits: { cpu: '2' } }],
    ['labels and annotations', { labels: { team: 'a' }, annotations: { 'com.example/topic': '{"a":\n1}' } }],
    ['constraints', { constraints: ['node.role == worker', 'node.labels.zone!=b'] }],
    ['a read-only root and another network', { readOnlyRootFilesystem: true, network: 'db' }],
    ['a time to leave of its own', { envVars: { healthcheck_interval: '5s' } }],
    ['another namespace', { namespace: 'other' }],
  ])('loses nothing on the way there and back: %s', (_name, rest) => {
    const spec = aFunction('fn', rest);
    expect(toFunctionSpec(service(toServiceSpec(spec, { ...options, image: spec.image })), 'ns')).toEqual(spec);
  });

  it.each([
    ['as it was named, although it has a digest', `fn:1@sha256:${'a'.repeat(64)}`, 'fn:1'],
    ['as it was named, without a digest', 'fn:1', 'fn:1'],
    ['another one, which somebody has given it by hand', 'fn:2', 'fn:2'],
  ])('says the image %s', (_name, image, expected) => {
    const made = toServiceSpec(aFunction('fn', { image: 'fn:1' }), { ...options, image });
    expect(toFunctionSpec(service(made), 'ns')!.image).toBe(expected);
  });

  it('says secrets by name, whichever version is mounted', () => {
    const secrets = [{ SecretID: 'x', SecretName: 'key.v3', File: { Name: '/var/openfaas/secrets/key', UID: '0', GID: '0', Mode: 0o444 } }];
    const made = toServiceSpec(aFunction('fn', { secrets: ['key'] }), { ...options, secrets });
    expect(toFunctionSpec(service(made), 'ns')!.secrets).toEqual(['key']);
  });

  it.each([
    ['nothing said: the interval, the gateway limit and a margin', {}, 5 + 60 + 2],
    ['a limit of the function', { exec_timeout: '10s' }, 5 + 10 + 2],
    ['a limit of its answer', { write_timeout: '3' }, 5 + 3 + 2],
    ['another interval', { exec_timeout: '10s', healthcheck_interval: '1s' }, 1 + 10 + 2],
    ['what is no duration', { exec_timeout: 'soon' }, 5 + 60 + 2],
  ])('gives the longest call time to end: %s', (_name, envVars, expected) => {
    expect(seconds(envVars)).toBe(expected);
  });

  it.each(['zone', 'zone=a', 'node.role = manager', '== b', 'node.id =='])('rejects the constraint %j', (constraint) => {
    expect(() => specOf({ constraints: [constraint] })).toThrow(/constraints\[0\] must be/);
  });

  it.each(['com.openfaas.function', 'com.openfaas.namespace', 'com.openfaas.annotations.a', 'com.openfaas.limits.memory', 'com.openfaas.network', 'com.openfaas.image'])(
    'rejects the label %s, which would hide one of ours',
    (label) => {
      expect(() => specOf({ labels: { [label]: 'x' } })).toThrow(`labels.${label}`);
    },
  );

  it('reads amounts that somebody has changed by hand', () => {
    const made = specOf({ limits: { memory: '1Gi', cpu: '0.5' } });
    const changed = { ...made, TaskTemplate: { ...made.TaskTemplate, Resources: { Limits: { MemoryBytes: 2048, NanoCPUs: 250_000_000 } } } };
    expect(toFunctionSpec(service(changed), 'ns')!.limits).toEqual({ memory: '2048', cpu: '250m' });
  });
});

describe('toFunctionSpec()', () => {
  const bare = { Name: 'x', TaskTemplate: { ContainerSpec: { Image: 'i' } }, Mode: { Replicated: { Replicas: 1 } } };

  it.each<[string, ServiceSpec]>([
    ['without our label', bare],
    ['that runs once on each node', { ...bare, Labels: { 'com.openfaas.function': 'x' }, Mode: {} }],
    ['that runs no container', { ...bare, Labels: { 'com.openfaas.function': 'x' }, TaskTemplate: {} }],
  ])('is undefined for a service %s', (_name, spec) => {
    expect(toFunctionSpec(service(spec), 'ns')).toBeUndefined();
  });

  it('takes a service of another maker, with its own way of saying things', () => {
    const spec = { ...bare, Labels: { 'com.openfaas.function': 'x', function: 'true', 'com.openfaas.uid': '1' }, TaskTemplate: { ContainerSpec: { Image: 'i', Env: ['my_fprocess=1', 'fprocess=wc'] } } };
    expect(toFunctionSpec(service(spec), 'ns')).toEqual(aFunction('x', { image: 'i', envProcess: 'wc', envVars: { my_fprocess: '1' } }));
  });
});

describe('portOf() and maxInflightOf()', () => {
  it.each([
    [[], 8080, Number.MAX_SAFE_INTEGER],
    [['port=9000', 'max_inflight=4'], 9000, 4],
    [['port=http', 'max_inflight=-1'], 8080, Number.MAX_SAFE_INTEGER],
    [['port=70000', 'max_inflight=0'], 8080, Number.MAX_SAFE_INTEGER],
  ])('read %j as %d and %d', (Env, port, most) => {
    expect([portOf({ Image: 'i', Env }), maxInflightOf({ Image: 'i', Env })]).toEqual([port, most]);
  });
});
