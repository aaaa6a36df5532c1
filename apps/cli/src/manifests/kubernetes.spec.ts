import { functionResource } from './function-resource';
import { knativeService } from './knative';
import { kubernetesObjects } from './kubernetes';
import type { PlacedDeployment } from './placed-deployment';

const plain: PlacedDeployment = { service: 'hello', namespace: 'openfaas-fn', image: 'example/hello:1', labels: {}, annotations: {} };
const full: PlacedDeployment = {
  ...plain,
  envProcess: 'cat',
  envVars: { A: '$(B) $C' },
  labels: { 'com.openfaas.scale.min': '2' },
  annotations: { topic: 'any text' },
  secrets: ['key'],
  constraints: ['zone=b', 'node.labels.disk == ssd'],
  limits: { memory: '10m', cpu: '0.5' },
  requests: { memory: '128Mi' },
  readOnlyRootFilesystem: true,
};

it('functionResource() says all of a deployment, and nothing that is empty', () => {
  expect(functionResource(plain)).toEqual({ apiVersion: 'openfaas.com/v1', kind: 'Function', metadata: { name: 'hello', namespace: 'openfaas-fn' }, spec: { name: 'hello', image: 'example/hello:1' } });
  expect(functionResource(full)).toMatchObject({
    spec: { handler: 'cat', environment: full.envVars, labels: full.labels, annotations: full.annotations, secrets: ['key'], constraints: full.constraints, limits: full.limits, requests: full.requests, readOnlyRootFilesystem: true },
  });
});

it('kubernetesObjects() is a Deployment and the Service in front of it', () => {
  const [deployment, service] = kubernetesObjects(full);
  const labels = { 'com.openfaas.scale.min': '2', faas_function: 'hello' };
  expect(deployment).toMatchObject({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'hello', namespace: 'openfaas-fn', labels, annotations: { topic: 'any text' } },
    spec: {
      replicas: 2,
      selector: { matchLabels: { faas_function: 'hello' } },
      template: {
        metadata: { labels },
        spec: {
          nodeSelector: { zone: 'b', disk: 'ssd' },
          containers: [
            {
              image: 'example/hello:1',
              env: [{ name: 'fprocess', value: 'cat' }, { name: 'A', value: '$$(B) $C' }],
              // Thousandths of a byte would be meant by 10m.
              resources: { limits: { memory: '10485760', cpu: '500m' }, requests: { memory: '128Mi' } },
              securityContext: { readOnlyRootFilesystem: true },
              volumeMounts: [{ name: 'secrets', mountPath: '/var/openfaas/secrets', readOnly: true }, { name: 'tmp', mountPath: '/tmp' }],
            },
          ],
          volumes: [{ name: 'secrets', projected: { sources: [{ secret: { name: 'key' } }] } }, { name: 'tmp', emptyDir: {} }],
        },
      },
    },
  });
  expect(service).toMatchObject({ kind: 'Service', spec: { selector: { faas_function: 'hello' }, ports: [{ port: 8080, targetPort: 8080 }] } });
});

it('kubernetesObjects() starts one replica of what could sleep, for nothing would wake it', () => {
  expect(kubernetesObjects({ ...plain, labels: { 'com.openfaas.scale.min': '0', 'com.openfaas.scale.zero': 'true' } })[0]).toMatchObject({ spec: { replicas: 1 } });
});

it.each([
  [{ constraints: ['node.role == worker'] }, 'the constraint node.role == worker cannot be said to Kubernetes'],
  [{ constraints: ['zone != b'] }, 'the constraint zone != b cannot be said to Kubernetes'],
  [{ labels: { motto: 'any text' } }, 'Kubernetes does not take the value of the label motto'],
])('kubernetesObjects() refuses %j', (part, message) => {
  expect(() => kubernetesObjects({ ...plain, ...part })).toThrow(`function hello: ${message}`);
});

it('knativeService() has the container, its secrets and annotations in its template', () => {
  expect(knativeService(full)).toMatchObject({
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    spec: { template: { metadata: { annotations: { topic: 'any text' } }, spec: { containers: [{ name: 'hello', volumeMounts: [{ name: 'secrets' }, { name: 'tmp' }] }], volumes: [{ name: 'secrets' }, { name: 'tmp' }] } } },
  });
  expect(knativeService(plain)).toMatchObject({ spec: { template: { spec: { containers: [{ name: 'hello', image: 'example/hello:1', env: [] }] } } } });
});
