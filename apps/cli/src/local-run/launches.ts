import { join } from 'node:path';
import type { Bundle } from '@shoal/adapters/local/bundle';
import { passedOn } from '@shoal/adapters/local/launch';
import { shellWord } from '@shoal/domain/shared/shell-word';
import { CliError } from '../cli-error';
import type { TextMap } from '../stack/stack-file';
import type { Env } from '../terminal';
import { LOOPBACK } from './ports';
import type { Launch } from './run-attached';

const SECRETS = '.secrets';
/** Where functions in images find them. */
const SECRETS_IN_IMAGE = '/var/openfaas/secrets';
const PORT_IN_IMAGE = 8080;

export interface LocalFunction {
  readonly name: string;
  /** Of the stack file, its environment files and flags, merged. */
  readonly envVars: TextMap;
  readonly envProcess: string | undefined;
  /** The project's, absolute. */
  readonly folder: string;
  /** Whether there is a folder `.secrets` in it. */
  readonly hasSecrets: boolean;
  readonly port: number;
}

export interface BundleLaunchOptions {
  /** The command that starts the watchdog. */
  readonly watchdog: readonly string[];
  readonly env: Env;
  /** Free, for a function that is a server. */
  readonly upstreamPort: number;
}

/** The watchdog in front of a bundle, on 127.0.0.1. Throws `usage` for a command that it cannot be told. */
export function bundleLaunch(one: LocalFunction, bundle: Bundle, { watchdog, env, upstreamPort }: BundleLaunchOptions): Launch {
  const argv = one.envProcess === undefined ? bundle.argv : one.envProcess.trim().split(' ');
  const spaced = one.envProcess === undefined ? argv.find((part) => part === '' || part.includes(' ')) : undefined;
  if (spaced !== undefined) throw new CliError('usage', `function ${one.name}: its command has the argument "${spaced}", which cannot be run here`, 'put the command into a script, and that into function.yml');
  const upstream = String(upstreamPort);
  const ofServer = bundle.mode === 'http' ? { PORT: upstream, http_port: upstream, upstream_url: `http://${LOOPBACK}:${upstream}` } : {};
  return {
    argv: watchdog,
    cwd: bundle.workingDirectory,
    env: {
      ...passedOn(env),
      OPENFAAS_NAME: one.name,
      SHOAL_SECRETS: join(one.folder, SECRETS),
      ...(bundle.mode === 'serializing' ? {} : { mode: bundle.mode }),
      ...ofServer,
      ...bundle.environment,
      ...one.envVars,
      fprocess: argv.join(' '),
      port: String(one.port),
      metrics_port: '0',
      listen_address: LOOPBACK,
      suppress_lock: 'true',
    },
  };
}

/** `docker run` of an image. */
export function imageLaunch(one: LocalFunction, image: string, { env, network }: { readonly env: Env; readonly network: string | undefined }): Launch {
  const envVars = { ...(one.envProcess === undefined ? {} : { fprocess: one.envProcess }), ...one.envVars };
  const argv = [
    ...['docker', 'run', '--rm', '--name', `${one.name}-${one.port}`, '-p', `${LOOPBACK}:${one.port}:${PORT_IN_IMAGE}`],
    ...(network === undefined ? [] : ['--network', network]),
    ...(one.hasSecrets ? ['-v', `${join(one.folder, SECRETS)}:${SECRETS_IN_IMAGE}:ro`] : []),
    ...Object.entries(envVars).flatMap(([key, value]) => ['-e', `${key}=${value}`]),
    image,
  ];
  return { argv, cwd: one.folder, env: Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined)) };
}

/** As somebody would type it. Of a bundle's environment all counts; of an image's it is in the arguments. */
export function commandLine({ argv, cwd, env }: Launch, withEnvironment: boolean): string {
  const variables = withEnvironment ? ['env', '-i', ...Object.entries(env).map(([key, value]) => `${key}=${value}`)] : [];
  return [...(withEnvironment ? ['cd', shellWord(cwd), '&&'] : []), ...[...variables, ...argv].map(shellWord)].join(' ');
}
