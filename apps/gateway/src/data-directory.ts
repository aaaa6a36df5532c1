import { accessSync, constants, mkdirSync } from 'node:fs';
import { cannotWrite, lockDirectory } from '@shoal/adapters/local/data-directory/directory-lock';
import { LAYOUT, newSettings, readSettings, writeSettings, type DirectorySettings } from '@shoal/adapters/local/data-directory/settings-file';
import { messageOf, ShoalError } from '@shoal/domain/shared/errors';
import { StartError } from './start-error';
import { version } from './version';

/** The one folder in which everything lies that outlives the gateway. Only one gateway at a time may use it. */
export class DataDirectory {
  private constructor(
    readonly path: string,
    private settings: DirectorySettings,
  ) {}

  /** Creates the folder when there is none, and claims it. One that a newer version has written is not touched. @throws StartError */
  static async open(path: string): Promise<DataDirectory> {
    try {
      requireFolder(path);
      await readSettings(path, version.release); // What it says of a newer version comes before anything is written.
      const unlock = lockDirectory(path);
      process.on('exit', unlock);
      return new DataDirectory(path, await settingsOf(path));
    } catch (error) {
      throw error instanceof ShoalError ? new StartError(sentenceOf(error)) : error;
    }
  }

  get instanceId(): string {
    return this.settings.instanceId;
  }

  get samplesDeployed(): boolean {
    return this.settings.samplesDeployed;
  }

  async markSamplesDeployed(): Promise<void> {
    this.settings = { ...this.settings, samplesDeployed: true };
    await writeSettings(this.path, this.settings);
  }
}

function requireFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/** Of a directory that is ours now; they tell from then on that this version has had it, and older ones leave it alone. */
async function settingsOf(path: string): Promise<DirectorySettings> {
  const { release } = version;
  const found = await readSettings(path, release);
  if (found?.release === release && found.version === LAYOUT) return found;
  const settings = found ? { ...found, version: LAYOUT, release } : newSettings(release);
  try {
    await writeSettings(path, settings);
  } catch (error) {
    throw cannotWrite(path, error);
  }
  return settings;
}

function sentenceOf(error: ShoalError): string {
  const text = messageOf(error);
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}
