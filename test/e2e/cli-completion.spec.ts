import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LIST_FUNCTIONS } from '../../apps/cli/src/completion/posix-parts';
import { Cli } from './cli-process';

const SHELL_MS = 15_000;
const run = promisify(execFile);
const cli = new Cli();
const bin = join(cli.folder, 'bin');
/** In which a line is completed. */
const cwd = join(cli.folder, 'cwd');

beforeAll(() => {
  mkdirSync(bin);
  mkdirSync(join(cwd, 'functions'), { recursive: true });
  writeFileSync(join(cwd, 'fun.yml'), '');
  // Completion asks it for functions; starting the real one for each key would make these tests slow.
  writeFileSync(join(bin, 'shoal'), '#!/bin/sh\ncase "$*" in "list --quiet"*) printf "echo\\nenv\\nmarkdown\\n" ;; esac\necho complaint >&2\n', { mode: 0o755 });
});

afterAll(() => cli.dispose());

/** What a shell offers for a line, which ends where the cursor is. */
interface Shell {
  readonly name: string;
  offers(line: string): Promise<readonly string[]>;
}

const shells: readonly Shell[] = [
  {
    name: 'bash',
    async offers(line) {
      // As readline does it: blanks and = part words, and what is in front of the cursor is the last one.
      const words = line.split(/ +|(?==)|(?<==)(?=.)/);
      const code = `source "$1"; COMP_WORDS=("\${@:2}"); COMP_CWORD=$(($# - 2)); _shoal_complete; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return await linesOf('bash', ['--norc', '-c', code, 'bash', await scriptFor('bash'), ...words]);
    },
  },
  {
    name: 'fish',
    async offers(line) {
      const lines = await linesOf('fish', ['--no-config', '-c', 'source $argv[1]; complete -C $argv[2]', await scriptFor('fish'), line]);
      return lines.map((one) => one.split('\t')[0]!);
    },
  },
  {
    name: 'zsh',
    async offers(line) {
      const out = join(cli.folder, 'offered');
      rmSync(out, { force: true });
      // Only a shell that talks to a terminal completes: this one gets a terminal, and writes down what is offered there.
      const inside = [
        `autoload -U compinit; compinit -u -d ${join(cli.folder, 'zcompdump')}`,
        `source ${await scriptFor('zsh')}`,
        `compadd() { local -a hits; builtin compadd -O hits "$@"; print -rl -- $hits >> ${out}; builtin compadd "$@" }`,
        `finish() { print -r -- --END-- >> ${out} }; zle -N finish; bindkey '^X' finish`,
        "print re''ady",
      ].join('; ');
      const outside = `zmodload zsh/zpty; zpty z zsh -f -i; zpty -w z "$1"; zpty -r z said '*ready*'; zpty -w -n z "$2"$'\\t\\x18'
        until grep -qs -- --END-- "$3"; do sleep 0.02; done; zpty -d z`;
      await linesOf('zsh', ['-f', '-c', outside, 'zsh', inside, line, out]);
      return readFileSync(out, 'utf8').split('\n').filter((one) => one !== '' && one !== '--END--');
    },
  },
];

async function scriptFor(shell: string): Promise<string> {
  const file = join(cli.folder, `completion.${shell}`);
  if (!existsSync(file)) writeFileSync(file, (await cli.run(['completion', shell])).stdout);
  return file;
}

async function linesOf(program: string, args: readonly string[]): Promise<readonly string[]> {
  const { stdout, stderr } = await run(program, args, { cwd, env: { PATH: `${bin}:${process.env['PATH']}`, HOME: cli.folder, TERM: 'xterm' }, timeout: SHELL_MS });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

describe.each(shells)('completion in $name', ({ name, offers }) => {
  const offered = async (line: string) => [...new Set((await offers(line)).map((one) => one.replace(/^--[a-z]+=|\/$/g, '')))].sort();
  if (!['/bin', '/usr/bin', '/usr/local/bin'].some((folder) => existsSync(join(folder, name)))) {
    if (process.env['CI'])
      it('can be tried', () => {
        throw new Error(`there is no ${name} (apt-get install ${name})`);
      });
    else it.skip(`not tried: there is no ${name} (apt-get install ${name})`, () => undefined);
    return;
  }

  it.each([
    ['commands', 'shoal desc', ['describe']],
    ['sub-commands', 'shoal template pu', ['pull']],
    ['flags of a command, by an alias too', 'shoal ls --ver', ['--verbose']],
    ['flags behind a flag with a value', 'shoal list --gateway list --qu', ['--quiet']],
    ['choices of a flag', 'shoal list --output y', ['yaml']],
    ['choices behind =', 'shoal list --output=y', ['yaml']],
    ['choices of an argument', 'shoal completion z', ['zsh']],
    ['functions of the gateway', 'shoal describe e', ['echo', 'env']],
    ['files for a flag that takes one', 'shoal list --yaml f', ['fun.yml', 'functions']],
    ['nothing for a flag that takes any text', 'shoal list --token ', []],
  ])('offers %s', async (_, line, expected) => {
    expect(await offered(line)).toEqual(expected);
  });
});

describe('shoal completion', () => {
  it('takes the shell as faas-cli does', async () => {
    const [one, other] = [await cli.run(['completion', '--shell', 'bash']), await cli.run(['completion', 'bash'])];
    expect(one).toEqual(other);
    expect(one.code).toBe(0);
  });

  it('asks for functions by a command that there is', async () => {
    const [program, ...args] = LIST_FUNCTIONS.replace(/ 2>.*/, '').split(' ');
    expect(program).toBe('shoal');
    expect(await cli.run(args, { env: { SHOAL_GATEWAY: 'http://127.0.0.1:1' } })).toMatchObject({ code: 3, stdout: '' });
  });

  it('without a shell says which there are', async () => {
    expect(await cli.run(['completion'])).toEqual({ code: 2, stdout: '', stderr: 'Error: no shell is named\none of bash, zsh, fish, such as: shoal completion bash\n' });
  });
});
