import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { GatewayProcess } from './gateway-process';

const root = join(__dirname, '../..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
/** The shell commands that it shows, in its order, without the two that start everything. */
const commands = [...readme.matchAll(/^```sh\n(.*?)^```/gms)].map((match) => match[1]!).filter((text) => text.startsWith('curl'));

describe('README.md and docs/', () => {
  let gateway: GatewayProcess;

  beforeAll(async () => {
    gateway = await GatewayProcess.start({ SHOAL_SAMPLES: 'true', basic_auth: 'true' });
  });
  afterAll(() => gateway.dispose());

  function run(command: string): string {
    const env = { PATH: process.env['PATH'], PASSWORD: gateway.password };
    const here = command.replaceAll('http://127.0.0.1:8080', gateway.url).replaceAll('curl ', 'curl -sSf ');
    return execFileSync('sh', ['-c', here], { env, encoding: 'utf8' });
  }

  it('shows commands that do what it says', async () => {
    const answers: string[] = [];
    for (const command of commands) {
      answers.push(run(command));
      if (command.includes('"service": "shout"')) await gateway.until(() => isReady('shout'));
    }
    expect(answers).toEqual(['hello, shoal', '<h1>It <em>works</em></h1>\n', '', 'HOW DEEP IS THE SEA']);
  });

  it('shows what the recorded session of docs/first-function.md does', () => {
    const session = readFileSync(join(root, 'docs/first-function.md'), 'utf8');
    const shown = [...readme.matchAll(/^\.\/(shoal .*)$/gm)].map((match) => match[1]!);
    expect(shown.length).toBeGreaterThan(1);
    for (const command of shown) expect(session).toContain(`$ ${command}\n`);
  });

  it.each(['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...readdirSync(join(root, 'docs')).filter((file) => file.endsWith('.md')).map((file) => `docs/${file}`)])('%s links to pages and pictures that are there', (page) => {
    const text = readFileSync(join(root, page), 'utf8').replace(/^```.*?^```/gms, '');
    const links = [...text.matchAll(/\]\((?!http)([^)#\s]+)[^)]*\)|(?:src|srcset)="([^"]+)"/g)].map(([, link, picture]) => link ?? picture!);
    expect(links.filter((link) => !existsSync(join(root, dirname(page), link)))).toEqual([]);
  });

  it('docs/README.md leads to every page of the documentation', () => {
    const index = readFileSync(join(root, 'docs/README.md'), 'utf8');
    const pages = readdirSync(join(root, 'docs')).filter((file) => file.endsWith('.md') && file !== 'README.md');
    expect(pages.filter((file) => !index.includes(`](${file})`))).toEqual([]);
  });

  async function isReady(name: string): Promise<boolean> {
    const answer = await fetch(`${gateway.url}/system/function/${name}`, { headers: gateway.authorization() });
    return ((await answer.json()) as { availableReplicas: number }).availableReplicas > 0;
  }
});
