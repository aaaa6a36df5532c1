import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { Cli } from './cli-process';

let cli: Cli;
beforeEach(() => {
  cli = new Cli();
  mkdirSync(join(cli.folder, 'hello'));
  writeFileSync(join(cli.folder, 'hello/handler.sh'), 'cat\n');
  writeFileSync(join(cli.folder, 'env.yml'), 'environment: {FROM_FILE: "012"}\n');
  writeFileSync(
    join(cli.folder, 'stack.yml'),
    `version: 1.0
provider: {name: openfaas}
functions:
  hello:
    lang: bash
    handler: ./hello
    image: registry:5000/\${OWNER:-example}/hello
    environment: {SWITCH: on}
    environment_file: [env.yml]
    secrets: [key]
  ready-made:
    image: example/ready@sha256:${'0'.repeat(64)}
    namespace: staging
    skip_build: true
`,
  );
});
afterEach(() => cli.dispose());

const shoal = (...args: string[]) => cli.run(args);
interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: Record<string, unknown>;
}
const documents = (text: string) => parseAllDocuments(text, { version: '1.1' }).map((one) => one.toJS() as Manifest);
const imageOf = async (...args: string[]) => documents((await shoal('generate', '--filter', 'hello', ...args)).stdout)[0]?.spec['image'];

it('shoal generate writes the functions of the stack file as Functions of the operator', async () => {
  const { code, stdout, stderr } = await shoal('generate', '--annotation', 'topic=greeting');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(documents(stdout)).toEqual([
    {
      apiVersion: 'openfaas.com/v1',
      kind: 'Function',
      metadata: { name: 'hello', namespace: 'openfaas-fn' },
      spec: { name: 'hello', image: 'registry:5000/example/hello:latest', environment: { SWITCH: 'on', FROM_FILE: '012' }, annotations: { topic: 'greeting' }, secrets: ['key'] },
    },
    { apiVersion: 'openfaas.com/v1', kind: 'Function', metadata: { name: 'ready-made', namespace: 'staging' }, spec: { name: 'ready-made', image: expect.stringContaining('@sha256:'), annotations: { topic: 'greeting' } } },
  ]);
});

it('shoal generate writes manifests of Knative and of plain Kubernetes, in a namespace', async () => {
  const kinds = async (api: string) => documents((await shoal('generate', '--api', api, '--namespace', 'mine')).stdout).map(({ apiVersion, kind, metadata }) => `${apiVersion} ${kind} ${metadata.namespace}/${metadata.name}`);
  expect(await kinds('serving.knative.dev/v1')).toEqual(['serving.knative.dev/v1 Service mine/hello', 'serving.knative.dev/v1 Service mine/ready-made']);
  expect(await kinds('kubernetes')).toEqual(['apps/v1 Deployment mine/hello', 'v1 Service mine/hello', 'apps/v1 Deployment mine/ready-made', 'v1 Service mine/ready-made']);
});

it('shoal generate writes one file for docker stack deploy', async () => {
  const { code, stdout } = await shoal('generate', '--api', 'swarm', '-f', 'stack.yml', '--regex', '^hel');
  expect(code).toBe(0);
  expect(parse(stdout)).toMatchObject({
    version: '3.8',
    services: { hello: { image: 'registry:5000/example/hello:latest', networks: ['functions'], deploy: { labels: { 'com.openfaas.function': 'hello', 'com.openfaas.namespace': 'openfaas-fn' }, endpoint_mode: 'dnsrr' } } },
    secrets: { key: { external: true } },
  });
});

it('shoal generate --tag names images as shoal push does', async () => {
  expect(await imageOf('--tag', 'digest')).toMatch(/^registry:5000\/example\/hello:[0-9a-f]{32}$/);
  expect(await shoal('generate', '--tag', 'sha')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('Git repository') });
  const git = (...args: string[]) => execFileSync('git', ['-C', cli.folder, '-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args]);
  git('init', '--quiet', '--initial-branch=next');
  git('commit', '--quiet', '--allow-empty', '--message=first');
  expect(await imageOf('--tag', 'branch')).toMatch(/^registry:5000\/example\/hello:latest-next-[0-9a-f]{7,}$/);
});

it('shoal generate --from-store writes a function of the store, for a processor', async () => {
  writeFileSync(join(cli.folder, 'store.json'), JSON.stringify([{ name: 'figlet', images: { x86_64: 'some/figlet:1', arm64: 'some/figlet:1-arm64' }, fprocess: 'figlet', annotations: { topic: 'letters' } }]));
  const figlet = await shoal('generate', '--from-store', 'figlet', '--url', 'store.json', '--arch', 'arm64', '--annotation', 'mine=yes', '-n', 'mine');
  expect(documents(figlet.stdout)).toEqual([
    { apiVersion: 'openfaas.com/v1', kind: 'Function', metadata: { name: 'figlet', namespace: 'mine' }, spec: { name: 'figlet', image: 'some/figlet:1-arm64', handler: 'figlet', annotations: { topic: 'letters', mine: 'yes' } } },
  ]);
  expect(await shoal('generate', '--from-store', 'figlet', '-u', 'store.json', '--arch', 'armhf')).toMatchObject({ code: 2, stderr: expect.stringContaining('it is made for x86_64 and arm64, not for armhf') });
  expect(await shoal('generate', '--from-store', 'wordcont')).toMatchObject({ code: 5, stderr: expect.stringContaining('did you mean wordcount?') });
});

it('shoal generate says what is wrong', async () => {
  expect(await shoal('generate', '--api', 'nomad')).toMatchObject({ code: 2, stderr: expect.stringContaining('Allowed choices are openfaas.com/v1, serving.knative.dev/v1, kubernetes, swarm') });
  expect(await shoal('generate', '--filter', 'none*')).toMatchObject({ code: 5, stderr: expect.stringContaining('no functions matching --filter/--regex') });
  expect((await shoal('generate', '--no-envsubst', '--filter', 'hello')).stdout).toContain('${OWNER:-example}');
  writeFileSync(join(cli.folder, 'other.yml'), 'provider: {name: openfaas}\nfunctions: {hello: {lang: bash}}\n');
  expect(await shoal('generate', '--yaml', 'other.yml')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('hello has no image') });
  expect(await cli.run(['generate'], { cwd: join(cli.folder, 'hello') })).toMatchObject({ code: 2, stderr: expect.stringContaining('there is no stack.yaml or stack.yml') });
});
