import { StorageType } from '@nats-io/jetstream';
import type { Names } from './names';
import type { NatsLink } from './nats-link';

const RESERVE_BYTES = 1024 * 1024;
const PIECE_BYTES = 128 * 1024;
/** Once room was short, it is looked so often whether there is enough again. */
const LOOK_MS = 5_000;

/**
 * Room on a server whose storage is full. To begin and to end a call, something has to be stored before its message can go:
 * calls that fill everything could never be run, and so would stay for ever.
 *
 * A reserve is stored while there is room. When there is none for what follows from calls that were accepted, the reserve goes,
 * and the stream of calls is limited to what it has, so that new ones do not take that room. When there is no reserve left,
 * what is known of ended calls goes, the oldest first. Once half of the calls have gone all is put back.
 */
export class Reserve {
  private making: Promise<boolean> | undefined;
  private nextLook: NodeJS.Timeout | undefined;

  constructor(
    private readonly link: NatsLink,
    private readonly names: Names,
    private readonly warn: (text: string) => void,
  ) {}

  stop(): void {
    clearTimeout(this.nextLook);
  }

  /** Resolves with whether there may be some now. All who ask at the same time get the same answer. */
  makeRoom(): Promise<boolean> {
    this.making ??= this.giveUp().finally(() => (this.making = undefined));
    return this.making;
  }

  /** Stores what is missing of the reserve, where there is room for it. Never rejects. */
  async fill(): Promise<void> {
    const { reserve, calls } = this.names;
    try {
      await this.link.ensureStream({ name: reserve, subjects: [this.names.reserved], storage: StorageType.File, num_replicas: 1 });
      const { config, state } = await this.link.streamInfo(calls);
      if (config.max_bytes > 0 && state.bytes > config.max_bytes / 2) return this.lookLater();
      for (let { bytes } = (await this.link.streamInfo(reserve)).state; bytes < RESERVE_BYTES; bytes += PIECE_BYTES) {
        await this.link.publish(this.names.reserved, new Uint8Array(PIECE_BYTES), { mayBeRefused: true });
      }
      if (config.max_bytes > 0) await this.link.limitStream(calls, -1);
    } catch {
      this.lookLater(); // There is no room, or no server; others say so.
    }
  }

  private async giveUp(): Promise<boolean> {
    const { reserve, calls, ended } = this.names;
    try {
      const { config, state } = await this.link.streamInfo(calls);
      if (config.max_bytes <= 0) {
        this.warn('the storage of the queue is full: no new calls are taken until half of those that wait have gone');
        await this.link.limitStream(calls, Math.max(1, state.bytes));
      }
      this.lookLater();
      if ((await this.link.purge(reserve, 0)) > 0) return true;
      const { messages } = (await this.link.streamInfo(ended)).state;
      return (await this.link.purge(ended, Math.floor(messages / 2))) > 0;
    } catch {
      return false; // Who had no room says so.
    }
  }

  private lookLater(): void {
    clearTimeout(this.nextLook);
    this.nextLook = setTimeout(() => void this.fill(), LOOK_MS).unref();
  }
}
