import { createServer, type IncomingMessage, type Server } from 'node:http';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Cli } from './cli-process';
import { GatewayProcess } from './gateway-process';

const figlet = { title: 'Figlet', name: 'figlet', description: 'Big letters', images: { x86_64: 'some/figlet:1' }, fprocess: 'figlet', repo_url: '', environment: { FONT: 'big', WIDTH: '80' }, labels: { kind: 'text' }, annotations: { topic: 'letters' } };

let cli: Cli;
beforeEach(() => {
  cli = new Cli();
  writeFileSync(join(cli.folder, 'store.json'), JSON.stringify({ version: '0.2.1', functions: [figlet, { ...figlet, name: 'nslookup', title: 'Names', images: { armhf: 'some/nslookup:1' } }] }));
});
afterEach(() => cli.dispose());

describe('shoal store on a local gateway', () => {
  let gateway: GatewayProcess;
  beforeAll(async () => {
    gateway = await GatewayProcess.start();
  });
  afterAll(() => gateway.dispose());

  const shoal = (...args: string[]) => cli.run([...args, '--gateway', gateway.url]);
  const invoke = async (name: string, body = '') => (await fetch(`${gateway.url}/function/${name}`, { method: 'POST', body })).text();

  it('list shows the samples, which need no network', async () => {
    const { code, stdout, stderr } = await shoal('store', 'list');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^FUNCTION +AUTHOR +DESCRIPTION\necho +shoal +Echo\n/);
    expect(stdout).toMatch(/^wordcount +shoal +Word count$/m);
  });

  it('deploy deploys a sample, which then answers', async () => {
    expect(await shoal('store', 'deploy', 'wordcount')).toEqual({ code: 0, stdout: `Deployed. 202 Accepted.\nURL: ${gateway.url}/function/wordcount\n`, stderr: '' });
    expect(await invoke('wordcount', 'one two\n')).toMatch(/1 +2 +8/);
    expect((await shoal('store', 'deploy', 'Word count')).stdout).toMatch(/^Deployed\. 202 Accepted\. It was there, and is updated\.$/m);
  });

  it('deploy takes another name, namespace, environment, labels, annotations, secrets and constraints', async () => {
    await fetch(`${gateway.url}/system/secrets`, { method: 'POST', body: JSON.stringify({ name: 'key', value: 'hidden' }) });
    const flags = ['--name', 'mine', '-e', 'COLOUR=blue', '--label', 'a=1', '--annotation', 'b=2', '--annotation', 'description=another', '--secret', 'key', '--namespace', 'openfaas-fn', '--timeout', '20s', '--token', 'none', '--tls-no-verify', '--no-envsubst'];
    expect(await shoal('store', 'deploy', 'env', ...flags)).toMatchObject({ code: 0, stdout: expect.stringContaining(`${gateway.url}/function/mine`) });
    const status = await (await fetch(`${gateway.url}/system/function/mine`)).json();
    // The store's own annotation wins over a flag.
    expect(status).toMatchObject({ image: 'env', envVars: { COLOUR: 'blue' }, labels: { a: '1' }, annotations: { b: '2', description: 'Answers with its environment, which tells about the call' }, secrets: ['key'] });
    expect(await invoke('mine')).toMatch(/^COLOUR=blue$/m);
  });

  it('deploy says what is in the way: an image, a name that is unknown, one that is taken', async () => {
    expect(await shoal('store', 'deploy', 'figlet', '--url', 'store.json')).toEqual({ code: 2, stdout: '', stderr: expect.stringMatching(/^Error: figlet does not run there: it is an image, which needs a container engine\n/) });
    expect(await shoal('store', 'deploy', 'figlit', '-u', 'store.json')).toMatchObject({ code: 5, stderr: 'Error: there is no function figlit in the store\ndid you mean figlet?\n' });
    expect(await shoal('store', 'deploy', 'echo', '--name', 'No Name')).toMatchObject({ code: 2, stderr: expect.stringContaining('service') });
    await shoal('store', 'deploy', 'echo');
    expect(await shoal('store', 'deploy', 'echo', '--update=false')).toMatchObject({ code: 6, stderr: expect.stringContaining('there is a function echo already') });
    expect(await shoal('store', 'deploy', 'echo', '--update', '--replace')).toMatchObject({ code: 2, stderr: expect.stringContaining('exclude each other') });
    expect(await shoal('store', 'deploy', 'echo', '--update=false', '--replace')).toMatchObject({ code: 0 });
  });

  it('list hides images and says why', async () => {
    const { stdout, stderr } = await shoal('store', 'list', '-u', 'store.json');
    expect(stdout).toBe('FUNCTION  AUTHOR  DESCRIPTION\n');
    expect(stderr).toBe('Hidden, for they do not run on local:\n  figlet: it is an image, which needs a container engine\n  nslookup: it is an image, which needs a container engine\n');
  });

  it('a folder of bundles is a store: list, deploy, call', async () => {
    cpSync(join(__dirname, '../../functions/hostname-intent'), join(cli.folder, 'bundles/tells-host'), { recursive: true });
    mkdirSync(join(cli.folder, 'bundles/no-function'));
    expect(JSON.parse((await shoal('store', 'list', '-u', 'bundles', '-o', 'json')).stdout)).toMatchObject([{ name: 'tells-host', description: expect.stringContaining('HostnameIntent'), images: { local: join(cli.folder, 'bundles/tells-host') } }]);
    expect(await shoal('store', 'deploy', 'tells-host', '-u', 'bundles')).toMatchObject({ code: 0 });
    expect(await invoke('tells-host')).toContain('Your hostname is');
  });
});

describe('shoal store with a gateway on a container engine', () => {
  let server: Server;
  let url: string;
  /** Bodies of deployments, with their methods. */
  let deployed: unknown[];

  beforeEach(async () => {
    deployed = [];
    server = createServer((request, response) => void answer(request).then(([status, text]) => response.writeHead(status).end(text)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  /** As much of a gateway on Swarm as is asked here, and the store too. */
  async function answer(request: IncomingMessage): Promise<[number, string]> {
    if (request.url === '/system/info') return [200, JSON.stringify({ provider: { orchestration: 'swarm' }, arch: 'amd64' })];
    if (request.url === '/store.json') return [200, JSON.stringify([{ ...figlet, images: { ...figlet.images, local: '/etc' } }, { name: 'older', image: 'some/older' }])];
    if (request.url !== '/system/functions') return [404, ''];
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    deployed.push([request.method, JSON.parse(Buffer.concat(chunks).toString())]);
    return request.method === 'PUT' ? [404, ''] : [202, ''];
  }

  it('deploy takes the image of its processor, and creates what it cannot update', async () => {
    expect(await cli.run(['store', 'deploy', 'figlet', '-u', 'store.json', '-g', url, '-e', 'FONT=small', '-l', 'kind=other', '-l', 'mine=yes', '--constraint', 'node.role == worker'])).toMatchObject({ code: 0 });
    const body = {
      service: 'figlet', image: 'some/figlet:1', envProcess: 'figlet', envVars: { FONT: 'small', WIDTH: '80' }, constraints: ['node.role == worker'], secrets: [],
      labels: { kind: 'text', mine: 'yes' }, annotations: { topic: 'letters' }, readOnlyRootFilesystem: false,
    };
    expect(deployed).toEqual([['PUT', body], ['POST', body]]);
  });

  it('list hides what is made for other processors, and --platform chooses', async () => {
    expect((await cli.run(['store', 'list', '-u', 'store.json', '-g', url])).stderr).toBe('Hidden, for they do not run on x86_64:\n  nslookup: it is made for armhf, not for x86_64\n');
    const { stdout, stderr } = await cli.run(['store', 'list', '-u', 'store.json', '-g', url, '--platform', 'linux/arm/v7']);
    expect(stdout).toMatch(/^nslookup +unknown +Names$/m);
    expect(stderr).toMatch(/^ {2}figlet: it is made for x86_64, not for armhf$/m);
    expect(await cli.run(['store', 'deploy', 'nslookup', '-u', 'store.json', '-g', url, '-p', 'arm'])).toMatchObject({ code: 0 });
    expect(deployed).toContainEqual(['POST', expect.objectContaining({ image: 'some/nslookup:1' })]);
  });

  it('a store at a URL, beside a file; it has no say in folders of the gateway', async () => {
    const { stdout } = await cli.run(['store', 'list', '-u', `${url}/store.json`, '-u', 'store.json', '-g', url, '--output', 'wide']);
    expect(stdout.split('\n').slice(1, 3)).toEqual([expect.stringMatching(/^figlet +unknown +Figlet +x86_64 +Big letters$/), expect.stringMatching(/^older +unknown +older +x86_64/)]);
    expect((await cli.run(['store', 'list', '-u', `${url}/store.json`, '-p', 'local', '-v'])).stderr).toContain('figlet: it is an image');
  });
});

it('shoal store list without a gateway shows all, and says so', async () => {
  const { code, stdout, stderr } = await cli.run(['store', 'list', '-u', 'store.json', '-g', 'http://127.0.0.1:1']);
  expect({ code, lines: stdout.trim().split('\n').length }).toEqual({ code: 0, lines: 3 });
  expect(stderr).toMatch(/^Whether it runs there is not known: the gateway .* cannot be reached: .*\. Nothing is hidden; /);
});

it('shoal store describe tells all, by name or title', async () => {
  const { code, stdout } = await cli.run(['store', 'describe', 'Figlet', '-u', 'store.json', '-p', 'x86_64']);
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: ['Title:        Figlet', 'Name:         figlet', 'Description:  Big letters', 'Runs there:   yes, on x86_64', 'Image:        some/figlet:1', 'Process:      figlet', 'Environment:  FONT: big', '              WIDTH: 80', 'Labels:       kind: text', 'Annotations:  topic: letters', ''].join('\n'),
  });
  expect((await cli.run(['store', 'inspect', 'nslookup', '--url', 'store.json', '-p', 'x86_64', '-v'])).stdout).toMatch(/^Runs there: +no: it is made for armhf, not for x86_64$[^]*^Repo URL: +<none>$/m);
  expect(await cli.run(['store', 'describe', 'echo', '-p', 'local', '-o', 'yaml'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^name: echo$/m) });
});

it('shoal store says where a broken store is broken', async () => {
  writeFileSync(join(cli.folder, 'broken.json'), '[\n  {"name": "a", "images": {"x86_64": "a"}},\n  {"name": "b"}\n]');
  expect(await cli.run(['store', 'list', '-u', 'broken.json'])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/^Error: broken\.json:3: \[1\] names no image\n/) });
  expect(await cli.run(['store', 'list', '-u', 'none.json'])).toMatchObject({ code: 5, stderr: expect.stringContaining('none.json does not exist') });
  expect(await cli.run(['store', 'list', '-u', 'http://127.0.0.1:1/store.json'])).toMatchObject({ code: 1, stderr: expect.stringContaining('http://127.0.0.1:1/store.json cannot be read') });
  mkdirSync(join(cli.folder, 'empty'));
  expect(await cli.run(['store', 'list', '-u', 'empty'])).toMatchObject({ code: 5, stderr: expect.stringContaining('there are no functions in empty') });
});

it('shoal store deploy without a gateway says so', async () => {
  expect(await cli.run(['store', 'deploy', 'echo', '-g', 'http://127.0.0.1:1'])).toMatchObject({ code: 3, stderr: expect.stringContaining('cannot be reached') });
  expect(await cli.run(['store'])).toMatchObject({ code: 2, stderr: expect.stringContaining('deploy') });
});
