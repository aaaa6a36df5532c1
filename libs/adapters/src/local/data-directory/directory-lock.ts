import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ShoalError } from '@shoal/domain/shared/errors';
import { adviceFor } from '../file-problem';

const LOCK_FILE = 'gateway.pid';
/** Beside it while a dead process's lock is taken over, so that only one does. */
const NEXT_FILE = 'gateway.pid.next';
const ATTEMPTS = 3;
/** So long a lock without a text is one that is just being written. */
const WRITING_MS = 10_000;

/**
 * Makes the data directory this process's own, by a file with its id; one of a process that has ended counts for nothing.
 * Throws `in-use` when another process has it, and `backend-unavailable` when nothing can be written there.
 *
 * @returns what gives it free again. It does not do so by itself when the process ends.
 */
export function lockDirectory(home: string): () => void {
  const [lock, next] = [join(home, LOCK_FILE), join(home, NEXT_FILE)];
  const take = () => () => rmSync(lock, { force: true });
  if (create(lock, home)) return take();
  for (let attempt = 1; attempt <= ATTEMPTS && !isHeld(lock); attempt++) {
    if (create(next, home)) {
      // Whoever took it over in between has it.
      const isFree = !isHeld(lock);
      if (isFree) replace(lock, next, home);
      else rmSync(next, { force: true });
      if (isFree) return take();
    } else if (isHeld(next)) break;
    else rmSync(next, { force: true, recursive: true });
  }
  throw new ShoalError('in-use', `another gateway uses the data directory ${home} already: stop it, or set SHOAL_HOME to another folder`);
}

/** Whether a process that runs has the data directory. */
export function isLocked(home: string): boolean {
  return isHeld(join(home, LOCK_FILE));
}

function create(file: string, home: string): boolean {
  try {
    writeFileSync(file, `${process.pid} ${startedAt(process.pid)}`, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    // It is there now, and empty. After all other errors it is not ours, if there is one.
    if (code === 'ENOSPC' || code === 'EDQUOT') rmSync(file, { force: true });
    throw cannotWrite(home, error);
  }
}

function replace(lock: string, next: string, home: string): void {
  try {
    if (statSync(lock).isDirectory()) rmSync(lock, { recursive: true });
    renameSync(next, lock);
  } catch (error) {
    throw cannotWrite(home, error);
  }
}

function isHeld(file: string): boolean {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
    if (text === '' && Date.now() - statSync(file).mtimeMs < WRITING_MS) return true;
  } catch {
    return false; // There is none, or what bears its name is no file.
  }
  const [pid, started] = text.split(' ');
  // The id may have gone to another process since.
  return isRunning(Number(pid)) && startedAt(Number(pid)) === started;
}

/** That nothing can be written to a data directory, and what to do. */
export function cannotWrite(home: string, error: unknown): ShoalError {
  const { code } = error as NodeJS.ErrnoException;
  const advice = code === 'ENOTDIR' || code === 'EEXIST' ? undefined : adviceFor(code);
  const instead = advice === undefined ? 'set SHOAL_HOME to a folder that can' : `${advice}, or set SHOAL_HOME to another folder`;
  return new ShoalError('backend-unavailable', `the data directory ${home} cannot be written to (${code}): ${instead}`);
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
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
