import { parseFunctionSpec, type FunctionSpec } from '@shoal/domain/functions/function-spec';
import { ShoalError } from '@shoal/domain/shared/errors';
import { Command, Option } from 'commander';
import { TAG_MODES, type TagMode } from '../build/image-name';
import { CliError } from '../cli-error';
import { functionResource } from '../manifests/function-resource';
import { knativeService } from '../manifests/knative';
import { kubernetesObjects } from '../manifests/kubernetes';
import type { PlacedDeployment } from '../manifests/placed-deployment';
import { swarmStack } from '../manifests/swarm-stack';
import { listOption, pairOption } from '../pair-option';
import { imageOf } from '../project/image-project';
import { deploymentOf } from '../stack/deployment';
import { readEnvironmentFiles } from '../stack/environment-file';
import { loadStackFile, type TextMap } from '../stack/stack-file';
import { deploymentFrom } from '../store/deployment-from';
import { findFunction } from '../store/find-function';
import { openStores } from '../store/open-stores';
import { imageFor, parsePlatform } from '../store/platform';
import { withSwitch } from '../switches';
import { note, say, type Terminal } from '../terminal';

/** What functions can be written as, by what `--api` calls it. */
const APIS = ['openfaas.com/v1', 'serving.knative.dev/v1', 'kubernetes', 'swarm'] as const;

interface GenerateOptions {
  readonly api: (typeof APIS)[number];
  readonly namespace?: string;
  readonly fromStore?: string;
  readonly url?: readonly string[];
  readonly arch: string;
  readonly annotation?: TextMap;
  readonly tag: TagMode;
  readonly yaml?: string;
  readonly filter?: string;
  readonly regex?: string;
  readonly envsubst: boolean;
}

const DEFAULT_NAMESPACE = 'openfaas-fn';

export function generateCommand(terminal: Terminal): Command {
  const command = new Command('generate')
    .description('Writes the functions of the stack file, or one of the store, as manifests to standard output. Nothing is deployed.')
    .addOption(new Option('--api <name>', 'as what: a Function of the OpenFaaS operator, a Knative Service, a plain Deployment and Service, or a file for docker stack deploy').choices(APIS).default(APIS[0]))
    .option('-n, --namespace <name>', `the namespace (default: of the stack file, ${DEFAULT_NAMESPACE})`)
    .option('--from-store <name>', 'a function of the store instead of the stack file')
    .addOption(listOption('-u, --url <source>', 'the store: the URL or the file of one; may be given several times (default: what comes with shoal)'))
    .option('--arch <platform>', 'which image of the store', parsePlatform, 'x86_64')
    .addOption(pairOption('--annotation <key=value>', 'one more annotation'))
    .addOption(new Option('--tag <kind>', 'what the images of the stack file are tagged with').choices(TAG_MODES).default('latest'))
    .option('-f, --yaml <file>', 'the stack file, or its URL (default: stack.yaml or stack.yml here)')
    .option('--filter <glob>', 'only functions of the stack file with such a name; * stands for any text')
    .option('--regex <expression>', 'only functions of the stack file whose name matches');
  return withSwitch(command, 'envsubst', 'leave ${…} in the stack file as it is', true).action((options: GenerateOptions) => generate(terminal, options));
}

async function generate(terminal: Terminal, options: GenerateOptions): Promise<void> {
  const deployments = options.fromStore === undefined ? await fromStackFile(terminal, options) : [await fromStore(terminal, options.fromStore, options)];
  const objects = objectsOf(options.api, deployments);
  const { stringify } = await import('yaml');
  // What reads them is older than YAML 1.2: to it, a bare `on` is no text.
  for (const one of objects) say(terminal, ...(options.api === 'swarm' ? [] : ['---']), stringify(one, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false }).trimEnd());
}

function objectsOf(api: GenerateOptions['api'], deployments: readonly PlacedDeployment[]): readonly object[] {
  const specs = deployments.map(checked);
  if (api === 'swarm') return [swarmStack(specs, DEFAULT_NAMESPACE)];
  if (api === 'kubernetes') return deployments.flatMap(kubernetesObjects);
  return deployments.map(api === 'serving.knative.dev/v1' ? knativeService : functionResource);
}

async function fromStore(terminal: Terminal, name: string, { url, arch, namespace = DEFAULT_NAMESPACE, annotation }: GenerateOptions): Promise<PlacedDeployment> {
  const one = findFunction(await openStores(terminal, url), name);
  return { ...deploymentFrom(one, imageFor(one, arch), { annotation }), namespace };
}

async function fromStackFile(terminal: Terminal, { yaml: file, envsubst, filter, regex, tag, namespace, annotation = {} }: GenerateOptions): Promise<readonly PlacedDeployment[]> {
  const { cwd, env } = terminal;
  const stack = await loadStackFile({ file, cwd, env, envsubst, filter, regex });
  if (!stack) throw new CliError('usage', 'there is no stack.yaml or stack.yml in this folder', 'name one with --yaml, or a function with --from-store');
  note(terminal, ...stack.warnings);
  return await Promise.all(
    [...stack.functions.values()].map(async (one) => {
      const fileEnvironment = await readEnvironmentFiles(one.environmentFiles, stack.folder);
      const image = one.image === undefined ? undefined : await imageOf(stack, one, tag, terminal);
      const deployment = deploymentOf(one, { annotations: annotation, namespace }, { fileEnvironment, ...(image === undefined ? {} : { image }) });
      return { ...deployment, namespace: deployment.namespace ?? DEFAULT_NAMESPACE };
    }),
  );
}

/** As the gateway would check it when it is deployed. */
function checked(deployment: PlacedDeployment): FunctionSpec {
  try {
    return parseFunctionSpec(deployment);
  } catch (error) {
    if (error instanceof ShoalError) throw new CliError('usage', `function ${deployment.service}: ${error.message}`, undefined, { cause: error });
    throw error;
  }
}
