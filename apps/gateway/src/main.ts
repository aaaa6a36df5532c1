import { join } from 'node:path';
import { sayWithoutWaiting } from '@shoal/adapters/process/say-without-waiting';
import { messageOf, ShoalError } from '@shoal/domain/shared/errors';
import { compose, type Gateway, type Installation } from './compose';
import { ConfigError, loadConfig, type Config } from './config';
import { Credentials } from './credentials';
import { DataDirectory } from './data-directory';
import { deploySamples } from './samples';
import { listen } from './server';
import { StartError } from './start-error';
import { version } from './version';
import { startWorker } from './worker';

/** The program lies in `dist/gateway`, beside the other apps. */
const root = join(__dirname, '..', '..');
const installation: Installation = {
  watchdogScript: join(__dirname, '..', 'watchdog', 'main.cjs'),
  workerScript: join(__dirname, 'data-plane-worker.cjs'),
  portalFolder: join(__dirname, '..', 'portal'),
  samplesFolder: join(root, 'functions'),
};

async function main(): Promise<void> {
  sayWithoutWaiting();
  const config = loadConfig(process.env);
  if (config.role === 'worker') return startWorker(config);
  // Before all that takes time: nothing else ends the first process of a container.
  const drainOnSignals = endOnSignals(config);
  const data = needsHome(config) ? await DataDirectory.open(config.home) : undefined;
  const admin = await loadAdmin(config);
  const gateway = await compose(config, data, admin?.credentials, installation);
  drainOnSignals(gateway);

  const port = await gateway.server.listen(config.host, config.port, 'SHOAL_PORT');
  const metricsPort = await listen(gateway.metricsServer, { host: config.metricsHost, port: config.metricsPort, setting: 'SHOAL_METRICS_PORT' });
  if (config.deploySamples && data && !data.samplesDeployed) {
    await deploySamples(gateway.functions, join(installation.samplesFolder, 'stack.yml'), config.functionNamespace);
    // Where it cannot be written down they are deployed again, which does no harm.
    await data.markSamplesDeployed().catch((error: unknown) => console.warn(`that the samples are deployed cannot be written down: ${messageOf(error)}`));
  }
  gateway.scaling.start();
  await gateway.asynchronous?.start();
  console.log(banner({ config, port, metricsPort, admin, place: gateway.backend.description }));
}

/** Of a swarm nothing is kept here, but for a queue and a password of our own. */
function needsHome({ provider, queue, basicAuth, secretMountPath }: Config): boolean {
  return provider === 'local' || queue.kind === 'lmdb' || (basicAuth && secretMountPath === undefined);
}

interface Admin {
  readonly credentials: Credentials;
  readonly user?: string;
  readonly newPassword?: string;
}

async function loadAdmin(config: Config): Promise<Admin | undefined> {
  if (!config.basicAuth) return undefined;
  if (config.secretMountPath !== undefined) return { credentials: Credentials.fromFiles(config.secretMountPath) };
  return Credentials.ofHome(config.home);
}

/**
 * The first signal drains; a second one does not wait, nor does one before there is anything to drain. Returns what is to
 * be told of the gateway once it is there.
 */
function endOnSignals(config: Config): (gateway: Gateway) => void {
  let running: Gateway | undefined;
  let ending = false;
  const end = async () => {
    if (!running) process.exit(0);
    if (ending) process.exit(1);
    ending = true;
    console.log('Shutting down: calls in flight may finish. Once more to end at once.');
    const { server, logs, lookup, events, backend, asynchronous, metricsServer } = running;
    logs.endAll();
    lookup.endAll();
    events.endAll();
    await Promise.all([server.drain(config.writeTimeoutMs), asynchronous?.drain(config.writeTimeoutMs)]);
    await asynchronous?.close();
    metricsServer.close();
    metricsServer.closeAllConnections();
    await backend.stop();
    process.exit(0);
  };
  process.on('SIGTERM', () => void end());
  process.on('SIGINT', () => void end());
  return (gateway) => (running = gateway);
}

interface BannerFacts {
  readonly config: Config;
  readonly port: number;
  readonly metricsPort: number;
  readonly admin: Admin | undefined;
  readonly place: Gateway['backend']['description'];
}

function banner({ config, port, metricsPort, admin, place }: BannerFacts): string {
  // An address that means all of them is none that a browser could open.
  const host = config.host === '0.0.0.0' || config.host === '::' ? '127.0.0.1' : config.host.includes(':') ? `[${config.host}]` : config.host;
  const url = `${config.tls ? 'https' : 'http'}://${host}:${port}`;
  const lines = [
    `Shoal ${version.release} is up. Functions run ${place.functions}.`,
    '',
    `  Portal     ${url}/ui/`,
    `  API docs   ${url}/docs`,
    `  Metrics    http://${config.metricsHost}:${metricsPort}/metrics`,
    `  Try        curl -d 'hello, shoal' ${url}/function/echo`,
    `  Sign in    ${signIn(config, admin)}`,
    `  Data       ${place.data}`,
  ];
  return `\n${lines.join('\n')}\n`;
}

function signIn(config: Config, admin: Admin | undefined): string {
  if (!admin) return 'authentication is off (basic_auth=false): whoever can reach the port is admin';
  if (admin.newPassword) return `user ${admin.user}, password ${admin.newPassword} (shown this once)`;
  if (config.secretMountPath !== undefined) return `with the user and password in ${config.secretMountPath}`;
  return `user ${admin.user}, with the password of the first start (lost? delete ${join(config.home, 'admin.json')} and start again)`;
}

main().catch((error: unknown) => {
  const expected = error instanceof ConfigError || error instanceof StartError || error instanceof ShoalError;
  console.error(expected ? messageOf(error) : error);
  process.exit(1);
});
