import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAX_SOURCE_BYTES } from './read-source';
import { loadStackFile, type StackFileOptions } from './stack-file';

const TEXT = 'provider:\n  name: openfaas\nfunctions:\n  echo-a: {image: "${PREFIX:-team}/a"}\n  echo-b: {image: b}\n  other: {image: c}\n';

let cwd: string;
beforeEach(() => (cwd = mkdtempSync(join(tmpdir(), 'stack-file-'))));
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const write = (name: string, text: string): void => writeFileSync(join(cwd, name), text);
const load = (options: Partial<StackFileOptions> = {}) => loadStackFile({ file: undefined, cwd, env: {}, envsubst: true, ...options });

describe('loadStackFile()', () => {
  it('finds stack.yaml, then stack.yml, then nothing', async () => {
    expect(await load()).toBeUndefined();
    mkdirSync(join(cwd, 'stack.yaml'));
    expect(await load()).toBeUndefined();
    write('stack.yml', TEXT);
    expect(await load()).toMatchObject({ path: 'stack.yml', folder: cwd });
    rmSync(join(cwd, 'stack.yaml'), { recursive: true });
    write('stack.yaml', TEXT);
    expect(await load()).toMatchObject({ path: 'stack.yaml' });
  });

  it('reads the file that is named, whose paths start where the command runs', async () => {
    mkdirSync(join(cwd, 'prod'));
    write('prod/all.yml', `\uFEFF${TEXT}`);
    expect(await load({ file: 'prod/all.yml' })).toMatchObject({ path: 'prod/all.yml', folder: cwd });
    expect(await load({ file: join(cwd, 'prod/all.yml') })).toMatchObject({ path: join(cwd, 'prod/all.yml') });
  });

  it('substitutes variables, unless it is told not to', async () => {
    write('stack.yml', TEXT);
    const imageOf = async (options: Partial<StackFileOptions>) => (await load(options))!.functions.get('echo-a')!.image;
    expect(await imageOf({})).toBe('team/a');
    expect(await imageOf({ env: { PREFIX: 'mine' } })).toBe('mine/a');
    expect(await imageOf({ env: { PREFIX: 'mine' }, envsubst: false })).toBe('${PREFIX:-team}/a');
  });

  it('names file and line of what is wrong in it, whatever the step', async () => {
    write('stack.yml', 'a: b\nc: ${X-y}\n');
    await expect(load()).rejects.toMatchObject({ reason: 'usage', message: 'stack.yml:2: missing closing brace after ${X' });
    await expect(load({ envsubst: false })).rejects.toMatchObject({ reason: 'usage', message: 'stack.yml:1: provider.name is missing; it is openfaas or shoal' });
  });

  it.each([
    [{ filter: 'echo-*' }, ['echo-a', 'echo-b']],
    [{ filter: '*' }, ['echo-a', 'echo-b', 'other']],
    [{ filter: 'other' }, ['other']],
    [{ regex: '[bc]$|^o' }, ['echo-b', 'other']],
    [{ regex: 'o' }, ['echo-a', 'echo-b', 'other']],
    [{ filter: '', regex: '' }, ['echo-a', 'echo-b', 'other']],
  ])('keeps what %j selects', async (options, names) => {
    write('stack.yml', TEXT);
    expect([...(await load(options))!.functions.keys()]).toEqual(names);
  });

  it.each([
    [{ filter: 'a', regex: 'b' }, 'usage', /^pass in a regex or a filter, not both$/],
    [{ regex: '(' }, 'usage', /^--regex is no regular expression: /],
    [{ filter: 'echo' }, 'notFound', /^no functions matching --filter\/--regex were found in the YAML file$/],
    [{ filter: 'echo-?' }, 'notFound', /^no functions matching/],
    [{ regex: '^$' }, 'notFound', /^no functions matching/],
  ])('rejects %j', async (options, reason, message) => {
    write('stack.yml', TEXT);
    await expect(load(options)).rejects.toMatchObject({ reason, message: expect.stringMatching(message), hint: expect.stringMatching(/./) });
  });

  it.each([
    ['none.yml', 'notFound', 'none.yml does not exist'],
    ['.', 'usage', '. is a folder'],
    ['large.yml', 'usage', 'large.yml is larger than 1 MiB'],
    ['http://', 'usage', 'http:// is not a URL'],
  ])('rejects the file %s', async (file, reason, message) => {
    write('large.yml', '#'.repeat(MAX_SOURCE_BYTES + 1));
    await expect(load({ file })).rejects.toMatchObject({ reason, message });
  });
});

describe('loadStackFile() of a URL', () => {
  let server: Server;
  let answer: RequestListener;
  let origin: string;
  beforeEach(async () => {
    server = createServer((request, response) => answer(request, response)).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    origin = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });

  it('reads it, and names it without its query', async () => {
    answer = (request, response) => response.end(request.url === '/stack.yml?token=hunter2' ? TEXT : '');
    const stack = await load({ file: `http://${origin}/stack.yml?token=hunter2` });
    expect(stack).toMatchObject({ path: `http://${origin}/stack.yml`, folder: cwd });
    expect(stack!.functions.size).toBe(3);
  });

  it('sends the login that is in it, and shows it to nobody', async () => {
    answer = (request, response) => {
      response.statusCode = request.headers.authorization === `Basic ${Buffer.from('me:p w').toString('base64')}` ? 500 : 200;
      response.end();
    };
    await expect(load({ file: `http://me:p%20w@${origin}/s` })).rejects.toMatchObject({ reason: 'failed', message: `http://${origin}/s answered 500` });
  });

  it('rejects an answer that is none, too large, or does not come', async () => {
    answer = (_, response) => response.writeHead(404).end();
    await expect(load({ file: `http://${origin}/s` })).rejects.toMatchObject({ reason: 'notFound', message: `http://${origin}/s answered 404` });
    answer = (_, response) => response.end('#'.repeat(MAX_SOURCE_BYTES + 1));
    await expect(load({ file: `http://${origin}/s` })).rejects.toMatchObject({ reason: 'usage', message: `http://${origin}/s is larger than 1 MiB` });
    answer = (request) => request.socket.destroy();
    await expect(load({ file: `http://${origin}/s` })).rejects.toMatchObject({ reason: 'failed', message: expect.stringContaining(`http://${origin}/s cannot be read`) });
    await new Promise((resolve) => server.close(resolve));
    await expect(load({ file: `http://${origin}/s` })).rejects.toMatchObject({ reason: 'failed', message: `http://${origin}/s cannot be read (ECONNREFUSED)` });
    server.listen(0);
  });
});
