import { environmentOf, resourcesOf, volumesOf } from './kubernetes-container';
import type { PlacedDeployment } from './placed-deployment';

/** As a Service of Knative, `serving.knative.dev/v1`. Constraints are not said: not every Knative takes them. */
export function knativeService(deployment: PlacedDeployment): object {
  const { service: name, namespace, image, labels = {}, annotations = {} } = deployment;
  const { mounts, volumes } = volumesOf(deployment);
  return {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: { name, namespace, labels },
    spec: {
      template: {
        metadata: { labels, annotations },
        spec: { containers: [{ name, image, env: environmentOf(deployment), ...resourcesOf(deployment), ...mounts }], ...volumes },
      },
    },
  };
}
