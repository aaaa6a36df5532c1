import { randomBytes } from 'node:crypto';
import { accessSync, constants, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { StartError } from './start-error';

/** What the data directory knows of itself. */
interface Settings {
  /** Of the directory's layout. */
  readonly version: number;
  /** Tells the processes of this directory from those of others. */
  readonly instanceId: string;
  readonly samplesDeployed: boolean;
}

const VERSION = 1;

/** The one folder in which everything lies that outlives the gateway. Only one gateway at a time may use it. */
export class DataDirectory {
  private constructor(
    readonly path: string,
    private settings: Settings,
  ) {}

  /** Creates the folder when there is none, and claims it. @throws StartError */
  static open(path: string): DataDirectory {
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (error) {
      throw new StartError(`The data directory ${path} cannot be written to (${codeOf(error)}): set SHOAL_HOME to a folder that can.`);
    }
    const lock = join(path, 'gateway.pid');
    claim(lock, path);
    process.on('exit', () => release(lock));
    return new DataDirectory(path, readSettings(join(path, 'settings.json')));
  }

  get instanceId(): string {
    return this.settings.instanceId;
  }

  get samplesDeployed(): boolean {
    return this.settings.samplesDeployed;
  }

  markSamplesDeployed(): void {
    this.settings = { ...this.settings, samplesDeployed: true };
    writeSettings(join(this.path, 'settings.json'), this.settings);
  }
}

function readSettings(file: string): Settings {
  let settings: Settings;
  try {
    settings = JSON.parse(readFileSync(file, 'utf8')) as Settings;
    if (!/^[0-9a-f]{16}$/.test(settings.instanceId)) throw new Error('it is incomplete');
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw new StartError(`${file} cannot be read (${codeOf(error)}): mend it, or move it away.`);
    settings = { version: VERSION, instanceId: randomBytes(8).toString('hex'), samplesDeployed: false };
    writeSettings(file, settings);
  }
  if (settings.version !== VERSION) {
    throw new StartError(`The data directory was written by another version of Shoal (layout ${settings.version}, here ${VERSION}).`);
  }
  return settings;
}

function writeSettings(file: string, settings: Settings): void {
  try {
    writeFileAtomic.sync(file, `${JSON.stringify(settings, undefined, 2)}\n`, { mode: 0o600 });
  } catch (error) {
    throw new StartError(`${file} cannot be written (${codeOf(error)}).`);
  }
}

/** A file with our process id; one of a process that has ended counts for nothing. */
function claim(lock: string, path: string): void {
  for (let attempt = 1; ; attempt++) {
    try {
      return writeFileSync(lock, `${process.pid} ${startedAt(process.pid)}`, { flag: 'wx', mode: 0o600 });
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw new StartError(`The data directory ${path} cannot be written to (${codeOf(error)}).`);
    }
    const holder = holderOf(lock);
    if (holder !== undefined && attempt < 3) rmSync(lock, { force: true });
    if (holder === undefined || attempt === 3) {
      throw new StartError(`Another gateway uses the data directory ${path} already: stop it, or set SHOAL_HOME to another folder.`);
    }
  }
}

/** The text of a lock whose holder has ended; `undefined` when it is still held. */
function holderOf(lock: string): string | undefined {
  const text = readFileSync(lock, { encoding: 'utf8', flag: 'a+' });
  const [pid, started] = text.split(' ');
  if (!isRunning(Number(pid))) return text;
  // The id may have gone to another process since.
  return startedAt(Number(pid)) === started ? undefined : text;
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** When the process was started, in the kernel's ticks; empty where there is no `/proc`. */
function startedAt(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function release(lock: string): void {
  rmSync(lock, { force: true });
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
