import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { describeWithPrograms } from '../describe-with';

const folder = join(__dirname, '../../deploy/swarm');
const read = (name: string) => readFileSync(join(folder, name), 'utf8');

function run(script: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(join(folder, script), args, { encoding: 'utf8', env: { ...process.env, ...env } });
  return { status, stdout, stderr };
}

describe.each(['up.sh', 'down.sh'])('deploy/swarm/%s', (script) => {
  it('--help lists exactly the options that there are', () => {
    const { status, stdout } = run(script, ['--help']);
    const listed = [...stdout.matchAll(/^ {2}(--[a-z-]+)/gm)].map((match) => match[1]!);
    const taken = [...read(script).matchAll(/^ {6}(--[a-z-]+)(?: \| --[a-z-]+=\*)?\) /gm)].map((match) => match[1]!);
    expect(status).toBe(0);
    expect(listed.length).toBeGreaterThan(4);
    expect(listed.sort()).toEqual(taken.sort());
  });

  it.each([
    ['an option that it does not know', ['--what'], /Unknown option: --what\n$/],
    ['an option without its value', ['--name'], /--name needs a value/],
    ['an empty value', ['--name='], /--name needs a value/],
    ['a name that is none', ['--name=My Stack'], /--name takes a-z, 0-9 and -/],
  ])('refuses %s', (_title, args, problem) => {
    expect(run(script, args)).toEqual({ status: 1, stdout: '', stderr: expect.stringMatching(problem) });
  });

  it('says in one sentence what to do where there is no Docker', () => {
    const bin = mkdtempSync(join(tmpdir(), 'shoal-path-'));
    for (const program of ['sh', 'dirname']) symlinkSync(spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).stdout.trim(), join(bin, program));
    expect(run(script, [], { PATH: bin })).toEqual({ status: 1, stdout: '', stderr: expect.stringMatching(/^There is no docker program here: install Docker first .*\n$/) });
    rmSync(bin, { recursive: true });
  });
});

describe('deploy/swarm/up.sh', () => {
  it.each([
    ['a port', ['--port', 'http'], /--port takes a number/],
    ['a way to publish', ['--publish', 'both'], /--publish takes ingress or host/],
    ['a proxy', ['--proxy=apache'], /--proxy takes nginx or caddy/],
  ])('refuses what is not %s', (_title, args, problem) => {
    expect(run('up.sh', args)).toEqual({ status: 1, stdout: '', stderr: expect.stringMatching(problem) });
  });

  it('gives each config of the stack a name that depends on its file', () => {
    const files = ['stack.yml', 'nginx.yml', 'caddy.yml'].map((name) => parse(read(name)) as { configs: Record<string, { name: string; file: string }> });
    const configs = files.flatMap(({ configs }) => Object.values(configs));
    const inStack = configs.map(({ name, file }) => `${/\$\{(SHOAL_CONFIG_\w+):-1\}/.exec(name)![1]!} ${file}`);
    const inScript = [...read('up.sh').matchAll(/(SHOAL_CONFIG_\w+)=\$\(checksum (\S+)\)/g)].map((match) => `${match[1]!} ${match[2]!}`);
    expect(inStack.length).toBeGreaterThan(6);
    expect(inScript.sort()).toEqual(inStack.sort());
  });

  it('leaves out the ports of the gateway, and nothing else, for a proxy', () => {
    const [, filter] = /sed '(.*)' stack\.yml/.exec(read('up.sh'))!;
    const { stdout } = spawnSync('sed', [filter!, join(folder, 'stack.yml')], { encoding: 'utf8' });
    interface Stack {
      services: { gateway: { ports?: unknown } };
    }
    const whole = parse(read('stack.yml')) as Stack;
    expect(whole.services.gateway.ports).toHaveLength(1);
    delete whole.services.gateway.ports;
    expect(parse(stdout)).toEqual(whole);
  });
});

describeWithPrograms('deploy/swarm', ['docker'], 'docker.io', () => {
  it.each(['up.sh', 'down.sh'])('%s says in one sentence when the engine cannot be reached', (script) => {
    const { status, stderr } = run(script, [], { DOCKER_HOST: 'unix:///nowhere.sock' });
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(/^The Docker engine cannot be reached: .*unix:\/\/\/nowhere\.sock/) });
  });
});

describeWithPrograms('deploy/swarm', ['shellcheck'], 'shellcheck', () => {
  it.each(readdirSync(folder).filter((name) => name.endsWith('.sh')))('shellcheck finds nothing in %s', (name) => {
    const { stdout } = spawnSync('shellcheck', ['--external-sources', '--shell=sh', name], { cwd: folder, encoding: 'utf8' });
    expect(stdout).toBe('');
  });
});
