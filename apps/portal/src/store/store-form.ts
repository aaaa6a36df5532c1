import { formOf, type DeployForm } from '../deploy/form';
import { imageFor, type StoreFunction } from './store';

/** The form filled in with what the store says. */
export function storeForm(one: StoreFunction, { namespace, arch }: { readonly namespace: string; readonly arch: string }): DeployForm {
  return formOf({
    name: one.name,
    namespace,
    image: imageFor(one, arch) ?? '',
    ...(one.fprocess === undefined ? {} : { envProcess: one.fprocess }),
    envVars: one.environment ?? {},
    labels: one.labels ?? {},
    annotations: one.annotations ?? {},
    readOnlyRootFilesystem: one.readOnlyRootFilesystem ?? false,
  });
}
