import { parseScalingPolicy } from '@shoal/domain/scaling/scaling-policy';
import { CliError } from '../cli-error';
import { environmentOf, resourcesOf, volumesOf } from './kubernetes-container';
import type { PlacedDeployment } from './placed-deployment';

/** By this label tools for OpenFaaS find a function's objects. */
const NAME_LABEL = 'faas_function';
const PORT = 8080;
const READY_PATH = '/_/health';
/** `KEY=VALUE` or `KEY==VALUE` of a node's label; Swarm writes `node.labels.` before it, and has other facts of nodes. */
const CONSTRAINT = /^\s*(?:node\.labels\.)?(?!node\.)([\w./-]+)\s*==?\s*([\w.-]+)\s*$/;
/** What Kubernetes takes as a label's value. */
const LABEL_VALUE = /^([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?$/;

/** As a plain Deployment and the Service in front of it. Throws `usage` for labels and constraints that Kubernetes cannot take. */
export function kubernetesObjects(deployment: PlacedDeployment): readonly object[] {
  const { service: name, namespace, image, labels: own = {}, annotations = {}, readOnlyRootFilesystem } = deployment;
  const labels = { ...own, [NAME_LABEL]: name };
  for (const [key, value] of Object.entries(own)) {
    if (!LABEL_VALUE.test(value)) throw new CliError('usage', `function ${name}: Kubernetes does not take the value of the label ${key}`, 'it may have at most 63 letters, digits, -, _ and .; an annotation takes any text');
  }
  const { mounts, volumes } = volumesOf(deployment);
  const probe = { httpGet: { path: READY_PATH, port: PORT }, periodSeconds: 2, timeoutSeconds: 1 };
  const container = {
    name,
    image,
    ports: [{ name: 'http', containerPort: PORT }],
    env: environmentOf(deployment),
    ...resourcesOf(deployment),
    readinessProbe: probe,
    livenessProbe: { ...probe, periodSeconds: 10, failureThreshold: 3 },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: readOnlyRootFilesystem ?? false },
    ...mounts,
  };
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace, labels, annotations },
      spec: {
        // There is nothing that would wake it.
        replicas: Math.max(1, parseScalingPolicy(own).min),
        selector: { matchLabels: { [NAME_LABEL]: name } },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        template: { metadata: { labels, annotations }, spec: { ...nodesOf(deployment), automountServiceAccountToken: false, containers: [container], ...volumes } },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace, labels, annotations },
      spec: { type: 'ClusterIP', selector: { [NAME_LABEL]: name }, ports: [{ name: 'http', port: PORT, targetPort: PORT }] },
    },
  ];
}

function nodesOf({ service, constraints = [] }: PlacedDeployment): object {
  if (constraints.length === 0) return {};
  const nodeSelector = Object.fromEntries(
    constraints.map((text) => {
      const [, key, value] = CONSTRAINT.exec(text) ?? [];
      if (key === undefined || value === undefined) throw new CliError('usage', `function ${service}: the constraint ${text} cannot be said to Kubernetes`, 'it must be LABEL=VALUE, of a label that nodes have');
      return [key, value];
    }),
  );
  return { nodeSelector };
}
