import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalFunctionProvider } from '@shoal/adapters/local/local-function-provider';
import { LocalLogSource } from '@shoal/adapters/local/local-log-source';
import { killMarked } from '@shoal/adapters/process/kill-marked';
import { SystemClock } from '@shoal/adapters/process/system-clock';
import { aFunction } from '@shoal/domain/testing/function-spec';
import { stateOf } from './function-provider.contract';
import { describeLogSource } from './log-source.contract';

/** Writes what it is sent, to the stream that the path names. */
const TALKER = `import { createServer } from 'node:http';
createServer((req, res) => {
  let body = '';
  req.on('data', (chunk) => (body += chunk)).on('end', () => process[req.url.slice(1)].write(body + '\\n', () => res.end()));
}).listen(process.env.PORT, '127.0.0.1');
`;

const homes: string[] = [];
const providers: LocalFunctionProvider[] = [];

afterEach(async () => {
  await Promise.all(providers.splice(0).map((provider) => provider.stop()));
  for (const home of homes.splice(0)) rmSync(home, { recursive: true, force: true });
});

function newHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'shoal-local-logs-'));
  homes.push(home);
  mkdirSync(join(home, 'bundles/talker'), { recursive: true });
  writeFileSync(join(home, 'bundles/talker/function.yml'), 'command: [node, talker.mjs]\nmode: http\n');
  writeFileSync(join(home, 'bundles/talker/talker.mjs'), TALKER);
  return home;
}

describeLogSource('LocalLogSource', async () => {
  const home = newHome();
  const provider = new LocalFunctionProvider({
    home,
    watchdogScript: join(__dirname, '../../dist/watchdog/main.cjs'),
    bundleFolders: [join(home, 'bundles')],
    instanceId: home,
    env: { PATH: process.env['PATH'] },
    killMarked,
    clock: new SystemClock(),
    warn: () => undefined,
  });
  providers.push(provider);
  await provider.start();
  return {
    source: new LocalLogSource(() => provider.hostUrl),
    unreachable: new LocalLogSource(() => undefined),
    start: async (id, replicas) => {
      if (!(await provider.find(id))) await provider.apply(aFunction(id.name, { image: 'talker' }));
      await provider.scale(id, replicas);
      return (await stateOf(provider, ({ ready }) => ready.length === replicas)).ready.map((replica) => replica.id);
    },
    write: async (id, instance, text, stream = 'stdout') => {
      const { baseUrl } = (await provider.find(id))!.ready.find((replica) => replica.id === instance)!;
      const answer = await fetch(`${baseUrl}/${stream}`, { method: 'POST', body: text });
      if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
    },
  };
});
