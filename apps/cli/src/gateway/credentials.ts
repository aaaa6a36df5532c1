import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError } from '../cli-error';
import type { Env, Terminal } from '../terminal';

/** What is kept of a login, in the shape of faas-cli's file (wire contract §7.1), so that each finds the other's. */
interface SavedLogin {
  readonly gateway: string;
  readonly auth: string;
  /** For `basic`, base64 of USER:PASSWORD. */
  readonly token: string;
}

const FILE = 'config.yml';
const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
/** faas-cli's own for gateways that ask somebody else; what it keeps then is a bearer token. */
const TOKEN_KINDS: ReadonlySet<string> = new Set(['oauth2', 'token']);

/** The file of ours, which `login` writes: `~/.shoal/config.yml`, or in the folder SHOAL_CONFIG. */
export function credentialsFile({ env, home }: Pick<Terminal, 'env' | 'home'>): string {
  return join(env['SHOAL_CONFIG'] ?? join(home, '.shoal'), FILE);
}

/**
 * The value of the `Authorization` header for a gateway: of our own file, else of faas-cli's, which is only read.
 *
 * @returns `undefined` when neither knows the gateway. Rejects with `usage` when a file is there and cannot be read.
 */
export async function findAuthorization(terminal: Pick<Terminal, 'env' | 'home'>, gateway: string): Promise<string | undefined> {
  for (const file of [credentialsFile(terminal), faasCliFile(terminal.env, terminal.home)]) {
    const login = (await readLogins(file)).find((one) => one.gateway.replace(/\/+$/, '') === gateway);
    if (login) return `${TOKEN_KINDS.has(login.auth) ? 'Bearer' : 'Basic'} ${login.token}`;
  }
  return undefined;
}

/** Keeps a login for a gateway instead of the one before. Only the file's owner may read it. */
export async function saveLogin(terminal: Pick<Terminal, 'env' | 'home'>, gateway: string, user: string, password: string): Promise<string> {
  const token = Buffer.from(`${user}:${password}`).toString('base64');
  return await change(terminal, (logins) => [...logins.filter((one) => one.gateway !== gateway), { gateway, auth: 'basic', token }]);
}

/** Forgets the login for a gateway; tells whether there was one. */
export async function removeLogin(terminal: Pick<Terminal, 'env' | 'home'>, gateway: string): Promise<boolean> {
  const before = await readLogins(credentialsFile(terminal));
  const after = before.filter((one) => one.gateway !== gateway);
  if (after.length < before.length) await change(terminal, () => after);
  return after.length < before.length;
}

async function change(terminal: Pick<Terminal, 'env' | 'home'>, next: (logins: readonly SavedLogin[]) => readonly SavedLogin[]): Promise<string> {
  const { stringify } = await import('yaml');
  const { default: writeFileAtomic } = await import('write-file-atomic');
  const file = credentialsFile(terminal);
  const auths = next(await readLogins(file));
  await mkdir(join(file, '..'), { recursive: true, mode: PRIVATE_FOLDER });
  await writeFileAtomic(file, stringify({ auths }), { mode: PRIVATE_FILE });
  return file;
}

function faasCliFile(env: Env, home: string): string {
  const ci = env['CI'] === 'true' || env['CI'] === '1';
  return join(env['OPENFAAS_CONFIG'] ?? (ci ? '.openfaas' : join(home, '.openfaas')), FILE);
}

async function readLogins(file: string): Promise<readonly SavedLogin[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
  const { parse } = await import('yaml');
  try {
    const { auths } = (parse(text) ?? {}) as { auths?: unknown };
    return (Array.isArray(auths) ? auths : []).filter(isLogin);
  } catch (error) {
    // Not what it says: it holds a password.
    throw new CliError('usage', `${file} cannot be read as YAML`, 'remove it, and log in again', { cause: error });
  }
}

function isLogin(entry: unknown): entry is SavedLogin {
  const { gateway, auth, token } = (entry ?? {}) as Record<string, unknown>;
  return typeof gateway === 'string' && typeof auth === 'string' && typeof token === 'string';
}
