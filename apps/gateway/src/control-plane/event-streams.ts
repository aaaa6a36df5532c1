import type { ServerResponse } from 'node:http';
import type { Clock, Timer } from '@shoal/domain/shared/clock';
import { ShoalError } from '@shoal/domain/shared/errors';
import type { ChangesEvent, FunctionsEvent } from './events.dto';
import type { LiveView, View } from './live-view';
import type { QueueCounts } from './queue-counts';

/** One more is refused. */
export const MAX_EVENT_STREAMS = 64;
const TICK_MS = 1_000;
/** The platform is told of every so many ticks. */
const PLATFORM_TICKS = 2;
/** A comment keeps what lies between from taking a quiet stream for a dead one. */
const HEARTBEAT_TICKS = 15;
/** A reader that takes nothing for so long has gone without a word. */
const STUCK_TICKS = 60;
/** Then a stream ends, so that who goes on watching is asked for credentials again: they may count no more. */
const STREAM_TICKS = 3_600;

const HEAD = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  // A proxy in front that collects answers would hold events back.
  'X-Accel-Buffering': 'no',
};

/** Somebody who watches. */
interface Reader {
  readonly answer: ServerResponse;
  ticks: number;
  /** For how many ticks it has not taken what it was sent; it is sent nothing meanwhile. */
  stuckTicks: number;
}

/**
 * Tells everybody who watches what is to be seen, and what changes of it once a second. One look is for all of them, and
 * nobody looks while nobody watches. Who does not keep up misses changes, and is told everything again when it does.
 */
export class EventStreams {
  private readonly readers = new Set<Reader>();
  private functions: View['functions'] = new Map();
  /** As JSON: as everybody was told last. */
  private platform = '';
  private ticks = 0;
  private timer: Timer | undefined;
  /** The look that is under way. */
  private looking: ReturnType<LiveView['look']> | undefined;
  /** Whether there has been one since somebody watches. */
  private looked = false;

  constructor(
    private readonly liveView: LiveView,
    private readonly queueCounts: QueueCounts,
    private readonly clock: Clock,
  ) {}

  /** Rejects with `over-capacity` when too many watch already. */
  requireRoom(): void {
    if (this.readers.size >= MAX_EVENT_STREAMS) {
      throw new ShoalError('over-capacity', `${MAX_EVENT_STREAMS} streams of events are open already: close one, or try again later`, { retryAfterSeconds: 5 });
    }
  }

  /** Writes events to `answer` until it is closed, an hour is over, or `until` is aborted. */
  add(answer: ServerResponse, until?: AbortSignal): void {
    if (answer.destroyed) return;
    answer.writeHead(200, HEAD);
    if (answer.req.method === 'HEAD') return void answer.end();
    // What there is to see may take a moment.
    answer.flushHeaders();
    const reader: Reader = { answer, ticks: 0, stuckTicks: 0 };
    const end = () => this.end(reader);
    until?.addEventListener('abort', end);
    answer.once('close', () => {
      until?.removeEventListener('abort', end);
      this.forget(reader);
    });
    // Why it broke off does not matter: it closes then.
    answer.on('error', () => undefined);
    this.readers.add(reader);
    if (!this.timer) this.start();
    else if (this.looked) this.tellAll(reader);
  }

  /** A stream would keep the gateway from ending. */
  endAll(): void {
    for (const reader of this.readers) this.end(reader);
  }

  private start(): void {
    this.ticks = 0;
    this.tickLater();
    this.look();
  }

  private stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.looking = undefined;
    this.looked = false;
    this.functions = new Map();
  }

  private end(reader: Reader): void {
    this.forget(reader);
    // One that is stuck would not come to its end.
    if (reader.answer.writableNeedDrain) reader.answer.destroy();
    else reader.answer.end();
  }

  /** It is told nothing more. */
  private forget(reader: Reader): void {
    this.readers.delete(reader);
    if (this.readers.size === 0) this.stop();
  }

  private tickLater(): void {
    this.timer = this.clock.after(TICK_MS, () => {
      this.tickLater();
      this.tick();
    });
  }

  private tick(): void {
    this.ticks++;
    // One that takes a second holds up itself only.
    if (!this.looking) this.look();
  }

  private look(): void {
    void this.queueCounts.refresh();
    this.goOn((this.looking = this.liveView.look(this.functions)));
  }

  /** A slice at a time; what is there by then is told. */
  private goOn(looking: ReturnType<LiveView['look']>): void {
    if (this.looking !== looking) return; // Nobody watches any more.
    const { done, value } = looking.next();
    if (!done) return void this.clock.after(0, () => this.goOn(looking));
    this.looking = undefined;
    this.tellOf(value);
  }

  private tellOf({ functions, platform }: View): void {
    const before = this.functions;
    this.functions = functions;
    if (!this.looked) return this.tellFirst(JSON.stringify(platform));
    let text = changesText(before, functions);
    if (this.ticks % PLATFORM_TICKS === 0) text += this.platformText(JSON.stringify(platform));
    if (this.ticks % HEARTBEAT_TICKS === 0) text += ': still here\n\n';
    for (const reader of this.readers) this.tell(reader, text);
  }

  /** Whoever came until now. */
  private tellFirst(platform: string): void {
    this.looked = true;
    this.platform = platform;
    for (const reader of this.readers) this.tellAll(reader);
  }

  private platformText(platform: string): string {
    if (platform === this.platform) return '';
    this.platform = platform;
    return eventOf('platform', platform);
  }

  private tell(reader: Reader, text: string): void {
    reader.ticks++;
    if (reader.answer.writableNeedDrain) {
      if (++reader.stuckTicks >= STUCK_TICKS) this.end(reader);
    } else if (reader.ticks >= STREAM_TICKS) {
      this.end(reader);
    } else if (reader.stuckTicks > 0) {
      reader.stuckTicks = 0;
      this.tellAll(reader);
    } else if (text !== '') {
      reader.answer.write(text);
    }
  }

  private tellAll({ answer }: Reader): void {
    const all: FunctionsEvent = { functions: [...this.functions.values()].map(({ summary }) => summary) };
    answer.write(eventOf('functions', JSON.stringify(all)) + eventOf('platform', this.platform));
  }
}

function changesText(before: View['functions'], now: View['functions']): string {
  const changed = [...now.values()].map(({ summary }) => summary).filter((summary) => before.get(summary.key)?.summary !== summary);
  const removed = [...before.keys()].filter((key) => !now.has(key));
  const changes: ChangesEvent = { changed, removed };
  return changed.length === 0 && removed.length === 0 ? '' : eventOf('changes', JSON.stringify(changes));
}

function eventOf(name: string, data: string): string {
  return `event: ${name}\ndata: ${data}\n\n`;
}
