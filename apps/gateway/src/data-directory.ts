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

  /**
   * Writes down that this version has the directory, and older ones leave it alone from then on. To be called when all that is
   * in it has been brought to this version's layout. @throws StartError
   */
  async markOpened(): Promise<void> {
    const { release } = version;
    if (this.settings.release === release && this.settings.version === LAYOUT) return;
    this.settings = { ...this.settings, version: LAYOUT, release };
    await writeSettings(this.path, this.settings).catch((error: unknown) => {
      throw new StartError(sentenceOf(cannotWrite(this.path, error)));
    });
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

/** Of a directory that is ours now. */
async function settingsOf(path: string): Promise<DirectorySettings> {
  const found = await readSettings(path, version.release);
  if (found) return found;
  const settings = newSettings(version.release);
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
