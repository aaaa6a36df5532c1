import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { writing } from '@shoal/adapters/local/file-problem';
import { messageOf } from '@shoal/domain/shared/errors';
import writeFileAtomic from 'write-file-atomic';
import { StartError } from './start-error';

const deriveKey = promisify<string, Buffer, number, Buffer>(scrypt);
const KEY_BYTES = 32;
const PASSWORD_BYTES = 18;
const USER = 'admin';

/** What `admin.json` holds: enough to check the password, not enough to know it. */
interface StoredAdmin {
  readonly user: string;
  readonly salt: string;
  readonly hash: string;
}

/** Checks user and password in constant time. */
export class Credentials {
  private readonly digestKey = randomBytes(KEY_BYTES);
  /** Of the credentials that were right, so that only the first check of them is slow. */
  private accepted: Buffer | undefined;

  private constructor(private readonly check: (user: string, password: string) => Promise<boolean>) {}

  /** Of the files `basic-auth-user` and `basic-auth-password` in `folder`. @throws StartError */
  static fromFiles(folder: string): Credentials {
    const [user, password] = [readSecret(folder, 'basic-auth-user'), readSecret(folder, 'basic-auth-password')];
    const credentials = new Credentials(async () => false);
    credentials.accepted = credentials.digest(user, password);
    return credentials;
  }

  /** Of a password of our own: made at the first start, and returned by this call only. @throws StartError */
  static async ofHome(home: string): Promise<{ credentials: Credentials; user: string; newPassword?: string }> {
    const file = join(home, 'admin.json');
    const stored = readAdmin(file);
    if (stored) return { credentials: Credentials.ofStored(stored), user: stored.user };
    const newPassword = randomBytes(PASSWORD_BYTES).toString('base64url');
    const salt = randomBytes(16);
    const hash = await deriveKey(newPassword, salt, KEY_BYTES);
    const admin: StoredAdmin = { user: USER, salt: salt.toString('base64'), hash: hash.toString('base64') };
    try {
      await writing(file, () => writeFileAtomic(file, `${JSON.stringify(admin, undefined, 2)}\n`, { mode: 0o600 }));
    } catch (error) {
      throw new StartError(`${messageOf(error)}.`);
    }
    const credentials = Credentials.ofStored(admin);
    credentials.accepted = credentials.digest(USER, newPassword);
    return { credentials, user: USER, newPassword };
  }

  private static ofStored({ user, salt, hash }: StoredAdmin): Credentials {
    return new Credentials(async (givenUser, givenPassword) => {
      const derived = await deriveKey(givenPassword, Buffer.from(salt, 'base64'), KEY_BYTES);
      const rightPassword = timingSafeEqual(derived, Buffer.from(hash, 'base64'));
      return givenUser === user && rightPassword;
    });
  }

  /** Whether they were right before: answers at once, without the slow check. */
  areKnown(user: string, password: string): boolean {
    return this.accepted !== undefined && timingSafeEqual(this.digest(user, password), this.accepted);
  }

  /** Takes some 50 ms of one core when they are not known. */
  async areRight(user: string, password: string): Promise<boolean> {
    if (this.areKnown(user, password)) return true;
    if (!(await this.check(user, password))) return false;
    this.accepted = this.digest(user, password);
    return true;
  }

  private digest(user: string, password: string): Buffer {
    return createHmac('sha256', this.digestKey).update(JSON.stringify([user, password])).digest();
  }
}

function readSecret(folder: string, name: string): string {
  const file = join(folder, name);
  let value: string;
  try {
    value = readFileSync(file, 'utf8').trimEnd();
  } catch (error) {
    throw new StartError(`secret_mount_path: ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
  if (value === '') throw new StartError(`secret_mount_path: ${file} is empty.`);
  return value;
}

function readAdmin(file: string): StoredAdmin | undefined {
  try {
    const admin = JSON.parse(readFileSync(file, 'utf8')) as StoredAdmin;
    const { user, salt, hash } = admin;
    const isWhole = [user, salt, hash].every((text) => typeof text === 'string' && text !== '') && Buffer.from(hash, 'base64').length === KEY_BYTES;
    if (!isWhole) throw new Error('it is incomplete');
    return admin;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new StartError(`${file} cannot be read: move it away, and the next start makes a new password.`);
  }
}
