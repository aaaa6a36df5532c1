import { readFile } from 'node:fs/promises';
import { messageOf, ShoalError } from '@shoal/domain/shared/errors';
import type { AuthConfig } from 'dockerode';

const DOCKER_HUB = 'https://index.docker.io/v1/';
const HUB_NAMES: ReadonlySet<string> = new Set(['docker.io', 'index.docker.io']);

/**
 * What the engine needs to pull `image`: read from a file in the format of Docker's `config.json`, anew each time, so that
 * it can be replaced. `undefined` when there is no file or it has nothing for the image's registry.
 */
export async function registryCredentials(file: string | undefined, image: string): Promise<AuthConfig | undefined> {
  if (file === undefined) return undefined;
  const server = registryOf(image);
  const auth = (await readAuths(file))[server]?.auth;
  if (!auth) return undefined;
  const text = Buffer.from(auth, 'base64').toString();
  const colon = text.indexOf(':');
  if (colon < 0) throw unusable(file, `its auth for ${server} is not base64 of user:password`);
  return { username: text.slice(0, colon), password: text.slice(colon + 1), serveraddress: server };
}

/** The first part of an image's name is its registry when it could be a host's name; else the image is Docker Hub's. */
export function registryOf(image: string): string {
  const [first, ...rest] = image.split('/');
  const isHost = rest.length > 0 && /[.:]|^localhost$/.test(first!);
  return isHost && !HUB_NAMES.has(first!) ? first! : DOCKER_HUB;
}

async function readAuths(file: string): Promise<Readonly<Record<string, { readonly auth?: string }>>> {
  try {
    const { auths = {} } = JSON.parse(await readFile(file, 'utf8')) as { auths?: Record<string, { auth?: string }> };
    return auths;
  } catch (error) {
    // A parser's message would quote the file.
    throw unusable(file, error instanceof SyntaxError ? 'it is not JSON' : messageOf(error));
  }
}

function unusable(file: string, problem: string): ShoalError {
  return new ShoalError('backend-unavailable', `the registry credentials in ${file} cannot be used: ${problem}`, { layer: 'provider' });
}
