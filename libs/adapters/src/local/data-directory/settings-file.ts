import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ShoalError } from '@shoal/domain/shared/errors';
import writeFileAtomic from 'write-file-atomic';

/** What a data directory knows of itself: its file `settings.json`. */
export interface DirectorySettings {
  /** Of the directory's layout: which files there are, and what is in them, the queue's file included. */
  readonly version: number;
  /** The version of Shoal that last opened it; files of old have none. */
  readonly release?: string;
  /** Tells the processes of this directory from those of others. */
  readonly instanceId: string;
  readonly samplesDeployed: boolean;
}

/**
 * The layout that this version of Shoal writes. It reads those before it and none after it.
 *
 * 1: the first. 2: the queue's records have checksums; the queue brings a file of 1 there when it opens it.
 */
export const LAYOUT = 2;
export const SETTINGS_FILE = 'settings.json';
const INSTANCE_ID = /^[0-9a-f]{16}$/;

/**
 * Reads them, and changes nothing. Resolves with `undefined` when there is no file; rejects with `unsupported` when a newer
 * version has written them, and with `internal` when they cannot be read.
 */
export async function readSettings(home: string, release: string): Promise<DirectorySettings | undefined> {
  const file = join(home, SETTINGS_FILE);
  const settings = parse(await textOf(file));
  if (settings === undefined) return undefined;
  if (!isObject(settings) || typeof settings['version'] !== 'number' || !Number.isInteger(settings['version'])) throw unreadable(file, 'it says no version');
  const { version, release: writer, instanceId, samplesDeployed } = settings;
  requireKnownLayout(`the data directory ${home}`, { layout: version, release: textOr(writer) }, release);
  if (typeof instanceId !== 'string' || !INSTANCE_ID.test(instanceId)) throw unreadable(file, 'its instanceId is missing or no such id');
  return { version, ...(typeof writer === 'string' ? { release: writer } : {}), instanceId, samplesDeployed: samplesDeployed === true };

  function parse(text: string | undefined): unknown {
    try {
      return text === undefined ? undefined : JSON.parse(text);
    } catch {
      throw unreadable(file, 'it is not JSON');
    }
  }
}

export async function writeSettings(home: string, settings: DirectorySettings): Promise<void> {
  await writeFileAtomic(join(home, SETTINGS_FILE), `${JSON.stringify(settings, undefined, 2)}\n`, { mode: 0o600 });
}

export function newSettings(release: string): DirectorySettings {
  return { version: LAYOUT, release, instanceId: randomBytes(8).toString('hex'), samplesDeployed: false };
}

/** Throws `unsupported` when `what` has a layout that this version does not know; the message names both versions. */
export function requireKnownLayout(what: string, { layout, release: writer }: { readonly layout: number; readonly release: string | undefined }, release: string): void {
  if (layout >= 1 && layout <= LAYOUT) return;
  const by = writer === undefined ? 'a newer version of Shoal' : `Shoal ${writer}`;
  throw new ShoalError('unsupported', `${what} was written by ${by} with layout ${layout}, and this is Shoal ${release}, which knows layouts up to ${LAYOUT}: nothing was changed; use that version or a newer one`);
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw unreadable(file, String(code));
  }
}

function unreadable(file: string, problem: string): ShoalError {
  return new ShoalError('internal', `${file} cannot be read (${problem}): restore a back-up, or move this file away, and a new one is made`);
}

function textOr(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
