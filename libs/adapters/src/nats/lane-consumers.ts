import { AckPolicy, DeliverPolicy, type ConsumerInfo } from '@nats-io/jetstream';
import { nanos, type Msg } from '@nats-io/transport-node';
import { partsOf, type Lane, type LaneKind } from '@shoal/domain/queue/lane';
import { ShoalError } from '@shoal/domain/shared/errors';
import { consumerOf, laneOfConsumer, type Names } from './names';
import type { NatsLink } from './nats-link';

/** Lanes of which is remembered that they have a consumer. */
const MAX_REMEMBERED = 10_000;
const KINDS: readonly LaneKind[] = ['call', 'callback'];
const NO_RESPONDERS = 503;

/** A message of a lane, to be acknowledged. */
export interface Delivered {
  readonly data: Uint8Array;
  readonly sequence: number;
  /** 1 for the first time. */
  readonly deliveries: number;
  readonly reply: string;
}

/**
 * What takes messages from lanes: a durable consumer each. It is there before the first message is, and stays, so the
 * server's list of consumers is the list of all lanes that may have something.
 */
export class LaneConsumers {
  private readonly ensured = new Map<Lane, Promise<void>>();

  constructor(
    private readonly link: NatsLink,
    private readonly names: Names,
    private readonly claimMs: number,
  ) {}

  async ensure(lane: Lane): Promise<void> {
    let ensured = this.ensured.get(lane);
    if (!ensured) {
      if (this.ensured.size >= MAX_REMEMBERED) this.ensured.clear();
      this.ensured.set(lane, (ensured = this.create(lane)));
      ensured.catch(() => this.ensured.delete(lane));
    }
    await ensured;
  }

  /** What is remembered need not be so any more. */
  forget(): void {
    this.ensured.clear();
  }

  /** What is there now; `most` at most. */
  async pull(lane: Lane, most: number): Promise<readonly Delivered[]> {
    await this.ensure(lane);
    const { messages, missing } = await this.ask(lane, most);
    if (!missing) return messages;
    // Somebody has removed the consumer, or the server has not read it yet since it started.
    this.ensured.delete(lane);
    await this.ensure(lane);
    const again = await this.ask(lane, most);
    if (again.missing) throw new ShoalError('backend-unavailable', `the queue has no consumer for ${lane}`);
    return again.messages;
  }

  async infos(): Promise<ReadonlyMap<Lane, ConsumerInfo>> {
    const lists = await Promise.all(KINDS.map(async (kind) => ({ kind, infos: await this.link.consumersOf(this.names.streamOf(kind)) })));
    return new Map(
      lists.flatMap(({ kind, infos }) =>
        infos.flatMap((info) => {
          const lane = laneOfConsumer(kind, info.name);
          return lane ? [[lane, info] as const] : [];
        }),
      ),
    );
  }

  /** It is done, and removed from its lane. Resolves once that is durable. */
  done({ reply }: Delivered): Promise<void> {
    return this.link.request(reply, '+ACK');
  }

  /** Gives it back, to be delivered again after so long. */
  giveBack({ reply }: Delivered, delayMs: number): Promise<void> {
    const delay = delayMs > 0 ? ` ${JSON.stringify({ delay: nanos(Math.ceil(delayMs)) })}` : '';
    return this.link.request(reply, `-NAK${delay}`);
  }

  keep({ reply }: Delivered): void {
    this.link.send(reply, '+WPI');
  }

  /** Takes a message from its lane that somebody else may have. */
  async discard(lane: Lane, sequence: number): Promise<void> {
    const stream = this.names.streamOf(partsOf(lane).kind);
    await this.link.remove(stream, sequence);
    // A 2.9 server goes on counting it as waiting, and leaves the next pull without an answer, until it is asked to count.
    await this.link.consumer(stream, consumerOf(lane));
  }

  private create(lane: Lane): Promise<void> {
    return this.link.ensureConsumer(this.names.streamOf(partsOf(lane).kind), {
      durable_name: consumerOf(lane),
      filter_subject: this.names.inLane(lane),
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: nanos(this.claimMs),
      max_deliver: -1,
      max_ack_pending: -1,
    });
  }

  private async ask(lane: Lane, most: number): Promise<{ readonly messages: readonly Delivered[]; readonly missing: boolean }> {
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${this.names.streamOf(partsOf(lane).kind)}.${consumerOf(lane)}`;
    // Without waiting: when there are fewer, a status says that these were all.
    const heard = await this.link.collect(subject, JSON.stringify({ batch: most, no_wait: true }), (message, count) => isStatus(message) || count === most);
    return { messages: heard.filter((message) => !isStatus(message)).map(deliveredOf), missing: heard[0] !== undefined && isStatus(heard[0]) && heard[0].headers?.code === NO_RESPONDERS };
  }
}

/** A message of a lane asks for an answer, whatever its headers say. */
function isStatus({ reply }: Msg): boolean {
  return !reply;
}

/** `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>.…`, in newer servers with domain and account before the stream. */
function deliveredOf({ data, reply }: Msg): Delivered {
  const tokens = reply!.split('.');
  const first = tokens.length > 9 ? 6 : 4;
  return { data, reply: reply!, deliveries: Number(tokens[first]), sequence: Number(tokens[first + 1]) };
}
