import type { ConsumerInfo } from '@nats-io/jetstream';
import type { Subscription } from '@nats-io/transport-node';
import type { QueueListener } from '@shoal/domain/queue/invocation-queue';
import type { Lane } from '@shoal/domain/queue/lane';
import { messageOf } from '@shoal/domain/shared/errors';
import type { LaneConsumers } from './lane-consumers';
import type { LeftBehind } from './left-behind';
import type { Names } from './names';
import type { NatsLink } from './nats-link';

/** What the server does not tell of is found within about this: claims that lapsed, and retries of other processes. */
const LOOK_MS = 1_000;
/** Of many lanes the server has much to list: this much of the time is left for other things. */
const REST_FACTOR = 20;
/** But nobody waits longer for a look. */
const MAX_REST_MS = 5_000;
/** `setTimeout` does not wait longer. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** Tells which lanes have something to take, from what the server says of new messages, from a look now and then, and by the clock. */
export class LaneWatch {
  private readonly subscriptions: Subscription[] = [];
  private readonly alarms = new Map<Lane, { readonly atMs: number; readonly timer: NodeJS.Timeout }>();
  private nextLook: NodeJS.Timeout | undefined;
  private listener: QueueListener | undefined;
  private problem = false;
  private sweptMs = 0;

  constructor(
    private readonly link: NatsLink,
    private readonly names: Names,
    private readonly consumers: LaneConsumers,
    private readonly leftBehind: LeftBehind,
    /** How often calls are looked for that were left behind. */
    private readonly sweepMs: number,
    private readonly warn: (text: string) => void,
  ) {}

  async start(listener: QueueListener): Promise<void> {
    this.listener = listener;
    this.subscriptions.push(
      this.link.listen(`${this.names.ready}.>`, ({ subject }) => {
        const lane = this.names.laneReady(subject);
        if (lane) this.ready(lane);
      }),
      this.link.listen(this.names.cancelled, (message) => this.listener?.cancelled(message.string())),
    );
    try {
      await this.link.flush();
      await this.look();
    } catch (error) {
      this.stop();
      throw error;
    }
    this.lookLater(LOOK_MS);
  }

  stop(): void {
    this.listener = undefined;
    clearTimeout(this.nextLook);
    for (const { timer } of this.alarms.values()) clearTimeout(timer);
    this.alarms.clear();
    for (const subscription of this.subscriptions.splice(0)) subscription.unsubscribe();
  }

  ready(lane: Lane): void {
    this.listener?.ready(lane);
  }

  /** Something in this lane is due then. Only the earliest of a lane is told in time; the look finds the others. */
  alarm(lane: Lane, atMs: number): void {
    const set = this.alarms.get(lane);
    if (!this.listener || (set && set.atMs <= atMs)) return;
    clearTimeout(set?.timer);
    const ring = () => {
      this.alarms.delete(lane);
      this.ready(lane);
    };
    this.alarms.set(lane, { atMs, timer: setTimeout(ring, Math.min(MAX_TIMEOUT_MS, Math.max(0, atMs - Date.now()))) });
  }

  private lookLater(afterMs: number): void {
    this.nextLook = setTimeout(() => void this.lookAgain(), afterMs);
  }

  private async lookAgain(): Promise<void> {
    let restMs = LOOK_MS;
    try {
      const beganMs = Date.now();
      const infos = await this.look();
      restMs = Math.min(MAX_REST_MS, Math.max(LOOK_MS, REST_FACTOR * (Date.now() - beganMs)));
      if (Date.now() - this.sweptMs > this.sweepMs) {
        this.sweptMs = Date.now();
        await this.leftBehind.sweep(infos);
      }
      this.problem = false;
    } catch (error) {
      // A server that was away may have a whole queue that nobody has been told of: the next look must not be long in coming.
      if (!this.problem) this.warn(`what waits in the queue cannot be seen: ${messageOf(error)}`);
      this.problem = true;
    }
    if (this.listener) this.lookLater(restMs);
  }

  private async look(): Promise<ReadonlyMap<Lane, ConsumerInfo>> {
    const infos = await this.consumers.infos();
    // Those that were delivered may be due again; nobody tells which.
    for (const [lane, info] of infos) if (info.num_pending > 0 || info.num_ack_pending > 0) this.ready(lane);
    return infos;
  }
}
