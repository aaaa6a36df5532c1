import type { Bundle } from '@shoal/adapters/local/bundle';
import { bundleLaunch, commandLine, imageLaunch, type LocalFunction } from './launches';

const bundle: Bundle = { argv: ['node', 'server.mjs'], mode: 'http', workingDirectory: '/project/build', environment: { FROM: 'bundle', KEPT: 'yes' } };
const one: LocalFunction = { name: 'hello', envVars: { FROM: 'stack' }, envProcess: undefined, folder: '/project', hasSecrets: false, port: 8080 };
const options = { watchdog: ['node', 'watchdog.cjs'], env: { PATH: '/bin', AWS_SECRET: 'no' }, upstreamPort: 3001 };

it('bundleLaunch() tells the watchdog the command, its mode and its ports, and of our environment only what is harmless', () => {
  expect(bundleLaunch(one, bundle, options)).toEqual({
    argv: ['node', 'watchdog.cjs'],
    cwd: '/project/build',
    env: {
      PATH: '/bin', OPENFAAS_NAME: 'hello', SHOAL_SECRETS: '/project/.secrets', mode: 'http', PORT: '3001', http_port: '3001', upstream_url: 'http://127.0.0.1:3001',
      FROM: 'stack', KEPT: 'yes', fprocess: 'node server.mjs', port: '8080', metrics_port: '0', listen_address: '127.0.0.1', suppress_lock: 'true',
    },
  });
});

it('bundleLaunch() says no mode for a function of a process a call, whose defaults are the classic ones', () => {
  const { env } = bundleLaunch({ ...one, envProcess: 'tr a-z A-Z' }, { ...bundle, mode: 'serializing' }, options);
  expect(env).toMatchObject({ fprocess: 'tr a-z A-Z' });
  expect(Object.keys(env)).not.toEqual(expect.arrayContaining([expect.stringMatching(/^(mode|upstream_url|PORT)$/)]));
});

it('bundleLaunch() refuses an argument that the watchdog would take for two', () => {
  expect(() => bundleLaunch(one, { ...bundle, argv: ['sh', '-c', 'echo a'] }, options)).toThrow('its command has the argument "echo a"');
});

it('imageLaunch() binds the port on loopback, and mounts secrets where there are any', () => {
  const { argv } = imageLaunch({ ...one, envProcess: 'cat', hasSecrets: true }, 'example/hello:1', { env: {}, network: 'mine' });
  expect(argv.join(' ')).toBe('docker run --rm --name hello-8080 -p 127.0.0.1:8080:8080 --network mine -v /project/.secrets:/var/openfaas/secrets:ro -e fprocess=cat -e FROM=stack example/hello:1');
});

it('commandLine() quotes what a shell would take apart', () => {
  expect(commandLine({ argv: ['a b', "it's", '$X', 'plain-1.0:/x=y'], cwd: '/my folder', env: { A: '1 2' } }, true)).toBe(`cd '/my folder' && env -i 'A=1 2' 'a b' 'it'\\''s' '$X' plain-1.0:/x=y`);
});
