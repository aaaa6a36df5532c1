import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ADDRESS = '127.0.0.1:5000';
const USERNAME = 'somebody';
const PASSWORD = 'secret';
/** Of that password. */
const HASH = '$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a';

export interface Registry {
  readonly address: string;
  readonly credentials: { readonly username: string; readonly password: string; readonly serveraddress: string };
  /** A `config.json` of Docker's with them. */
  readonly dockerConfig: string;
  readonly stop: () => void;
  /** Stops it and removes what it has. */
  readonly end: () => void;
}

/** Starts Debian's docker-registry on the machine of the engine with the process `pid`, closed to whoever has no password. */
export async function startRegistry(pid: number): Promise<Registry> {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-registry-'));
  writeFileSync(join(folder, 'users'), `${USERNAME}:${HASH}\n`);
  const settings = {
    version: 0.1,
    storage: { filesystem: { rootdirectory: join(folder, 'data') } },
    http: { addr: ADDRESS },
    auth: { htpasswd: { realm: 'private', path: join(folder, 'users') } },
  };
  // JSON is YAML.
  writeFileSync(join(folder, 'registry.yml'), JSON.stringify(settings));
  const there = [`--net=/proc/${pid}/ns/net`];
  const registry = spawn('nsenter', [...there, 'docker-registry', 'serve', join(folder, 'registry.yml')], { stdio: 'ignore' });
  while (spawnSync('nsenter', [...there, process.execPath, '-e', `fetch('http://${ADDRESS}/v2/').then(() => process.exit(0), () => process.exit(1))`]).status !== 0) {
    if (registry.exitCode !== null) throw new Error(`the registry ended with ${registry.exitCode}`);
  }
  const stop = () => void registry.kill();
  return {
    address: ADDRESS,
    credentials: { username: USERNAME, password: PASSWORD, serveraddress: ADDRESS },
    dockerConfig: JSON.stringify({ auths: { [ADDRESS]: { auth: Buffer.from(`${USERNAME}:${PASSWORD}`).toString('base64') } } }),
    stop,
    end: () => {
      stop();
      rmSync(folder, { recursive: true });
    },
  };
}
