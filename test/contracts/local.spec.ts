import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalFunctionProvider } from '@shoal/adapters/local/local-function-provider';
import { LocalNamespaceStore } from '@shoal/adapters/local/local-namespace-store';
import { LocalSecretStore, secretFile } from '@shoal/adapters/local/local-secret-store';
import { killMarked } from '@shoal/adapters/process/kill-marked';
import { SystemClock } from '@shoal/adapters/process/system-clock';
import { aFunction } from '@shoal/domain/testing/function-spec';
import { describeFunctionProvider, stateOf } from './function-provider.contract';
import { describeNamespaceStore } from './namespace-store.contract';
import { describeSecretStore } from './secret-store.contract';

const folders: string[] = [];
const providers: LocalFunctionProvider[] = [];

function newFolder(): string {
  folders.push(mkdtempSync(join(tmpdir(), 'shoal-local-')));
  return folders.at(-1)!;
}

async function startProvider(home = newFolder(), warn: (text: string) => void = () => undefined): Promise<LocalFunctionProvider> {
  const provider = new LocalFunctionProvider({
    home,
    watchdogScript: join(__dirname, '../../dist/watchdog/main.cjs'),
    bundleFolders: [join(home, 'bundles')],
    instanceId: home,
    env: { PATH: process.env['PATH'], SECRET_OF_THE_GATEWAY: 'x' },
    killMarked,
    clock: new SystemClock(),
    warn,
  });
  providers.push(provider);
  await provider.start();
  return provider;
}

afterEach(async () => {
  await Promise.all(providers.splice(0).map((provider) => provider.stop()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

describeFunctionProvider('LocalFunctionProvider', () => startProvider());
describeNamespaceStore('LocalNamespaceStore', async () => new LocalNamespaceStore(join(newFolder(), 'namespaces.json')));
describeSecretStore('LocalSecretStore', async () => {
  const folder = newFolder();
  return { store: new LocalSecretStore(folder), read: async (...name) => readFileSync(secretFile(folder, ...name), 'utf8') };
});

describe('LocalSecretStore', () => {
  it('keeps values from everyone but the owner, and lists nothing that is still being written', async () => {
    const folder = newFolder();
    const store = new LocalSecretStore(folder);
    await store.create('ns', 'a', Buffer.from('x'));
    expect(statSync(secretFile(folder, 'ns', 'a')).mode & 0o777).toBe(0o600);
    writeFileSync(`${secretFile(folder, 'ns', 'b')}.1234567`, 'half');
    await expect(store.list('ns')).resolves.toEqual(['a']);
  });
});

describe('LocalFunctionProvider', () => {
  const id = { name: 'fn', namespace: 'ns' };
  const ready = (provider: LocalFunctionProvider, count = 1) => stateOf(provider, (state) => state.ready.length === count);
  const call = async (provider: LocalFunctionProvider, body = '') => {
    const { ready: replicas } = (await provider.find(id))!;
    return fetch(`${replicas[0]!.baseUrl}/`, { method: 'POST', body });
  };

  it('brings back after a restart what was there', async () => {
    const home = newFolder();
    const first = await startProvider(home);
    await first.apply(aFunction('fn', { envProcess: 'cat', labels: { a: 'b' } }));
    await first.scale(id, 3);
    const before = await ready(first, 3);
    await first.stop();
    const second = await startProvider(home);
    const after = await ready(second, 3);
    expect(after).toMatchObject({ spec: before.spec, createdAt: before.createdAt, replicas: 3 });
    expect(await (await call(second, 'hi')).text()).toBe('hi');
  });

  it('leaves out a file that cannot be read, and says so', async () => {
    const home = newFolder();
    mkdirSync(join(home, 'functions/ns'), { recursive: true });
    writeFileSync(join(home, 'functions/ns/broken.json'), '{"spec":');
    const warnings: string[] = [];
    const provider = await startProvider(home, (text) => warnings.push(text));
    await expect(provider.list('ns')).resolves.toEqual([]);
    expect(warnings).toEqual([expect.stringContaining('broken.json is left out')]);
  });

  it.each([
    ['neither a bundle nor a command', {}, /no bundle fn on this machine/],
    ['a command that is not there', { envProcess: 'no-such-command-here' }, /no command no-such-command-here/],
  ])('refuses %s, and changes nothing', async (_name, rest, message) => {
    const provider = await startProvider();
    await expect(provider.apply(aFunction('fn', rest))).rejects.toMatchObject({ code: 'invalid-request', message: expect.stringMatching(message) });
    await expect(provider.find(id)).resolves.toBeUndefined();
  });

  it('gives a function a clean environment', async () => {
    const provider = await startProvider();
    await provider.apply(aFunction('fn', { envProcess: 'env', envVars: { MINE: '1' } }));
    await ready(provider);
    const names = (await (await call(provider)).text()).split('\n').map((line) => line.split('=')[0]);
    expect(names).toEqual(expect.arrayContaining(['PATH', 'MINE', 'OPENFAAS_NAME', 'SHOAL_SECRETS', 'Http_Method']));
    expect(names).not.toContain('SECRET_OF_THE_GATEWAY');
  });

  it('runs what a bundle says, in its folder', async () => {
    const home = newFolder();
    mkdirSync(join(home, 'bundles/where'), { recursive: true });
    writeFileSync(join(home, 'bundles/where/function.yml'), 'command: [sh, -c, "pwd; echo $GREETING $1", sh, "two words"]\nenvironment: { GREETING: hello }\n');
    const provider = await startProvider(home);
    await provider.apply(aFunction('fn', { image: 'where:latest' }));
    await ready(provider);
    const [folder, words] = (await (await call(provider)).text()).split('\n');
    expect([folder!.endsWith('/bundles/where'), words]).toEqual([true, 'hello two words']);
  });

  it('runs a bundle in streaming mode, whose output goes out before its process ends', async () => {
    const home = newFolder();
    mkdirSync(join(home, 'bundles/ticks'), { recursive: true });
    writeFileSync(join(home, 'bundles/ticks/function.yml'), 'command: [sh, -c, "echo first; sleep 60"]\nmode: streaming\n');
    const provider = await startProvider(home);
    await provider.apply(aFunction('fn', { image: 'ticks' }));
    await ready(provider);
    const reader = (await call(provider)).body!.getReader();
    expect(Buffer.from((await reader.read()).value as Uint8Array).toString()).toBe('first\n');
    await reader.cancel();
  });

  it('drops no call while an http function is updated and scaled', async () => {
    const home = newFolder();
    mkdirSync(join(home, 'bundles/web'), { recursive: true });
    writeFileSync(join(home, 'bundles/web/function.yml'), 'command: [node, server.mjs]\nmode: http\n');
    writeFileSync(
      join(home, 'bundles/web/server.mjs'),
      "import { createServer } from 'node:http';\n" +
        "createServer((_req, res) => setTimeout(() => res.end(process.env.VERSION), 20)).listen(process.env.PORT, '127.0.0.1');\n",
    );
    const provider = await startProvider(home);
    const web = (version: number) => aFunction('fn', { image: 'web', envVars: { VERSION: String(version) } });
    await provider.apply(web(1));
    await ready(provider);

    let going = true;
    const seen = new Set<string>();
    const callers = Array.from({ length: 4 }, async () => {
      while (going) {
        const answer = await call(provider);
        if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`);
        seen.add(await answer.text());
      }
    });
    const changes = (async () => {
      for (let version = 2; version <= 4; version++) {
        await provider.apply(web(version));
        while (!seen.has(String(version))) await new Promise((resolve) => setTimeout(resolve, 10));
        await provider.scale(id, 2);
        await ready(provider, 2);
        await provider.scale(id, 1);
      }
      going = false;
    })();
    await Promise.all([changes, ...callers]);
    expect([...seen]).toEqual(['1', '2', '3', '4']);
  });

  it('goes on with the old version when the new one never becomes ready, and says why', async () => {
    const home = newFolder();
    mkdirSync(join(home, 'bundles/bad'), { recursive: true });
    writeFileSync(join(home, 'bundles/bad/function.yml'), 'command: [node, -e, "process.exit(7)"]\nmode: http\n');
    const provider = await startProvider(home);
    await provider.apply(aFunction('fn', { envProcess: 'cat' }));
    await ready(provider);
    await provider.apply(aFunction('fn', { image: 'bad' }));
    const state = await stateOf(provider, (now) => now.notReadyBecause !== undefined);
    expect(state).toMatchObject({ updating: true, notReadyBecause: expect.stringContaining('exited with code 7') });
    expect(await (await call(provider, 'still here')).text()).toBe('still here');
    await provider.apply(aFunction('fn', { envProcess: 'cat' }));
    const again = await stateOf(provider, (now) => now.updating === undefined);
    expect(again.notReadyBecause).toBeUndefined();
  });
});
