import { stat, statfs } from 'node:fs/promises';
import { formatBytes } from './format-bytes';
import { broken, missing, ok, type Finding } from './finding';
import { runCommand } from '../build/run-command';
import { findProgram } from '../find-program';
import { credentialsFile } from '../gateway/credentials';
import type { Env, Terminal } from '../terminal';

const WANTED_NODE = [20, 19] as const;
const PROGRAM_MS = 5_000;
const OTHERS = 0o077;
/** Less than this, and a build or an image will not fit. */
const LITTLE_BYTES = 1024 ** 3;
/** Less than this, and nothing will. */
const TOO_LITTLE_BYTES = 100 * 1024 ** 2;
const PROXIES = ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'] as const;

interface Tool {
  readonly name: string;
  readonly argv: readonly string[];
  /** What does not work without it. */
  readonly hint: string;
}

const TOOLS: readonly Tool[] = [
  { name: 'docker', argv: ['docker', '--version'], hint: 'images are not built here without it; `shoal up` and `shoal build --bundle` make bundles for a local gateway instead' },
  { name: 'docker engine', argv: ['docker', 'version', '--format', '{{.Server.Version}}'], hint: 'images are not built here without it; start it, or let DOCKER_HOST name another' },
  { name: 'docker buildx', argv: ['docker', 'buildx', 'version'], hint: '`shoal publish` needs it; install the package docker-buildx or docker-buildx-plugin' },
  { name: 'git', argv: ['git', '--version'], hint: '`shoal template pull` needs it for repositories; templates in folders need none' },
  { name: 'node', argv: ['node', '--version'], hint: 'functions of the templates node and node-ts need it' },
  { name: 'python3', argv: ['python3', '--version'], hint: 'functions of the template python3 need it' },
  { name: 'go', argv: ['go', 'version'], hint: 'functions of the template go need it to be built' },
  { name: 'bash', argv: ['bash', '--version'], hint: 'functions of the template bash need it' },
];

/** What this machine has, whichever gateway is meant. */
export async function examineMachine(terminal: Terminal): Promise<readonly Finding[]> {
  return [runtime(process.versions), ...(await Promise.all([...TOOLS.map((tool) => examineTool(tool, terminal)), disk(terminal.cwd), credentials(terminal)])).flat(), proxies(terminal.env)];
}

/** @param versions of what runs this program, as `process.versions`. */
export function runtime({ node, bun }: { readonly node: string; readonly bun?: string | undefined }): Finding {
  if (bun !== undefined) return ok('shoal', `one executable, on Bun ${bun}`);
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const enough = major > WANTED_NODE[0] || (major === WANTED_NODE[0] && minor >= WANTED_NODE[1]);
  return enough ? ok('shoal', `on Node ${node}`) : broken('shoal', `on Node ${node}`, `install Node ${WANTED_NODE.join('.')} or newer, or use the executable that needs none`);
}

/** Nothing is said of the parts of a program that is not here. */
async function examineTool({ name, argv, hint }: Tool, { cwd, env, signal }: Terminal): Promise<Finding | readonly Finding[]> {
  const path = await findProgram(argv[0]!, env);
  if (path === undefined) return name === argv[0] ? missing(name, 'not here', hint) : [];
  try {
    const { exitCode, output } = await runCommand([path, ...argv.slice(1)], { cwd, env, signal: AbortSignal.any([signal, AbortSignal.timeout(PROGRAM_MS)]) });
    const [line = ''] = output.trim().split('\n');
    return exitCode === 0 ? ok(name, line) : missing(name, line === '' ? `it ended with code ${exitCode}` : line, hint);
  } catch {
    signal.throwIfAborted();
    return missing(name, `${argv.join(' ')} does not end`, hint);
  }
}

async function disk(cwd: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(cwd);
  return freeSpace(bavail * bsize);
}

/** @param bytes that are free where the command runs. */
export function freeSpace(bytes: number): Finding {
  const found = `${formatBytes(bytes)} free in this folder`;
  if (bytes < TOO_LITTLE_BYTES) return broken('disk', found, 'remove something: neither functions nor images can be built');
  return bytes < LITTLE_BYTES ? missing('disk', found, 'images may not fit') : ok('disk', found);
}

async function credentials(terminal: Terminal): Promise<Finding> {
  const file = credentialsFile(terminal);
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => error);
  if (found instanceof Error) {
    if (found.code === 'ENOENT') return missing('logins', 'none are kept here', 'shoal login keeps one');
    return broken('logins', found.message);
  }
  // Windows has no such modes.
  if (process.platform === 'win32' || (found.mode & OTHERS) === 0) return ok('logins', file);
  return broken('logins', `others may read ${file}: its mode is ${(found.mode & 0o777).toString(8)}`, `chmod 600 ${file}`);
}

/** Their values may hold passwords, and are not shown. */
function proxies(env: Env): Finding {
  const set = PROXIES.filter((name) => env[name]);
  return ok('proxies', set.length === 0 ? 'none' : `${set.join(', ')}: for builds; gateways are asked directly`);
}
