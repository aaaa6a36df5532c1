import cluster, { type Worker } from 'node:cluster';
import type { FunctionId } from '@shoal/domain/functions/function-spec';
import { MAX_WAITING_CALLS } from '@shoal/domain/invocation/calls';
import type { Activator } from '@shoal/domain/scaling/activator';
import type { Clock } from '@shoal/domain/shared/clock';
import { messageOf, ShoalError } from '@shoal/domain/shared/errors';
import { StartError } from '../start-error';
import { areFromWorker } from './message-check';
import { REPORT_MS, type ErrorMessage, type FromWorker, type ToWorker, type Usage } from './messages';
import { Outbox } from './outbox';
import type { Sharing } from './sharing';

/** A worker that says nothing for so long does nothing any more. */
const SILENT_MS = 10_000;
/** A tick that comes so late: it is we who did nothing. */
const LATE_MS = 1_000;
/** Who ends within this time of its start may do so again. */
const EARLY_MS = 10_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;
/** For a worker to end when its calls have. */
const END_MS = 2_000;

export interface WorkerPoolOptions {
  readonly count: number;
  /** The workers' program file. */
  readonly script: string;
  readonly sharing: Sharing;
  readonly activator: Activator;
  readonly clock: Clock;
  /** As `Backend.suspect`. */
  readonly unreachable: (id: FunctionId, replicaId: string) => void;
}

/** The place of a worker; when that has ended, another one takes it. */
interface Place {
  /** From 1 on. */
  readonly number: number;
  worker: Worker | undefined;
  tell: (message: ToWorker) => void;
  startedMs: number;
  heardMs: number;
  listening: boolean;
  /** Whether a worker of this place has ever listened. */
  known: boolean;
  pauseMs: number;
  usage: Usage;
  /** Of workers before. */
  cpuSecondsBefore: number;
}

/** What is to be seen of one worker. */
export interface WorkerFacts extends Usage {
  readonly number: number;
  readonly up: boolean;
}

/**
 * The processes that share the port and take the calls of functions. Each connection is handed to the next of them in turn.
 * One that ends, or does not answer any more, is replaced, and takes nothing along but its own connections.
 */
export class WorkerPool {
  /** Workers that have taken another one's place. */
  restarts = 0;
  private readonly places: Place[];
  private draining = false;
  private tickedMs: number;
  private where: { readonly socketPath: string; readonly port: number } | undefined;

  constructor(private readonly options: WorkerPoolOptions) {
    const usage = { residentBytes: 0, cpuSeconds: 0 };
    this.places = Array.from({ length: options.count }, (_, index) => ({
      number: index + 1,
      worker: undefined,
      tell: () => undefined,
      startedMs: 0,
      heardMs: 0,
      listening: false,
      known: false,
      pauseMs: 0,
      usage,
      cpuSecondsBefore: 0,
    }));
    this.tickedMs = options.clock.monotonicMs();
  }

  /**
   * Resolves with the port when all listen. @throws StartError when one cannot.
   *
   * @param socketPath where this process takes what the workers pass on.
   */
  async start(socketPath: string, port: number): Promise<number> {
    this.where = { socketPath, port };
    // In turn, not by who is quickest: with few connections that live long, one worker would get most of them.
    cluster.schedulingPolicy = cluster.SCHED_RR;
    cluster.setupPrimary({ exec: this.options.script, args: [], serialization: 'advanced' });
    setInterval(() => this.tick(), REPORT_MS).unref();
    const ports = await Promise.all(this.places.map((place) => this.fork(place)));
    return ports[0]!;
  }

  /** Lets the workers end: none takes new connections, and each ends with its last call, or after `limitMs`. */
  async drain(limitMs: number): Promise<void> {
    this.draining = true;
    const ended = this.places.map(async ({ worker, tell }) => {
      if (!worker || worker.isDead()) return;
      tell({ kind: 'drain', limitMs });
      await new Promise((resolve) => worker.once('exit', resolve));
    });
    const late = this.options.clock.after(limitMs + END_MS, () => this.places.forEach(kill));
    await Promise.all(ended);
    late.cancel();
  }

  facts(): readonly WorkerFacts[] {
    return this.places.map(({ number, listening, usage, cpuSecondsBefore }) => ({
      number,
      up: listening,
      residentBytes: usage.residentBytes,
      cpuSeconds: cpuSecondsBefore + usage.cpuSeconds,
    }));
  }

  /** Resolves with the port once the worker listens; rejects when it ends before, or cannot be had. While draining nobody is waited for. */
  private fork(place: Place): Promise<number> {
    if (this.draining) return new Promise(() => undefined);
    const { sharing, clock } = this.options;
    place.startedMs = place.heardMs = clock.monotonicMs();
    return new Promise((resolve, reject) => {
      const fail = (reason: string) => {
        // It ended as it was told.
        if (!this.draining) reject(new StartError(reason));
      };
      const notBegun = (error: unknown) => {
        const what = `data-plane worker ${place.number} cannot be started (${messageOf(error)})`;
        fail(`${what}: look for limits of processes, memory and open files, or lower SHOAL_WORKERS.`);
        this.ended(place, what);
      };
      let worker: Worker;
      try {
        worker = cluster.fork();
      } catch (error) {
        return notBegun(error);
      }
      const outbox = new Outbox<ToWorker>((messages) => {
        if (worker.isConnected()) worker.send(messages, (error) => void error);
      });
      closeUnanswered(worker);
      place.worker = worker;
      place.tell = outbox.add;
      outbox.add({ kind: 'start', ...this.where!, maxWaiting: Math.max(1, Math.floor(MAX_WAITING_CALLS / this.places.length)) });
      sharing.join(worker.id, outbox.add);
      outbox.add({ kind: 'listen' });
      worker.on('message', (messages: unknown) => {
        if (!areFromWorker(messages)) {
          if (!worker.isDead()) console.error(`data-plane worker ${place.number} (process ${worker.process.pid}) says what nobody understands: it is ended`);
          worker.removeAllListeners('message');
          return void worker.process.kill('SIGKILL');
        }
        place.heardMs = clock.monotonicMs();
        for (const message of messages) {
          if (message.kind === 'listening') {
            place.listening = place.known = true;
            resolve(message.port);
          } else if (message.kind === 'failed') fail(message.message);
          else this.receive(place, { id: worker.id, tell: outbox.add }, message);
        }
      });
      let gone = false;
      worker.on('error', (error) => {
        // What happens to a process that was there is told by its exit.
        if (worker.process.pid !== undefined || gone) return;
        gone = true;
        sharing.leave(worker.id);
        notBegun(error);
      });
      worker.once('exit', (code, signal) => {
        const how = signal ?? `code ${code}`;
        fail(`A data-plane worker ended while it started (${how}): see its messages above.`);
        const ended = () => {
          sharing.leave(worker.id);
          this.ended(place, `data-plane worker ${place.number} (process ${worker.process.pid}) has ended (${how}): its calls are lost`);
        };
        // What it has sent is read first.
        if (worker.isConnected()) worker.once('disconnect', ended);
        else ended();
      });
    });
  }

  /** @param from the worker that said it, which need not be the one that has the place when there is an answer. */
  private receive(place: Place, { id, tell }: { readonly id: number; readonly tell: Place['tell'] }, message: Exclude<FromWorker, { kind: 'listening' | 'failed' }>): void {
    const { sharing, unreachable } = this.options;
    switch (message.kind) {
      case 'wake':
        return void this.wake(message.key).then((error) => tell({ kind: 'woken', order: message.order, ...(error ? { error } : {}) }));
      case 'unreachable':
        return unreachable(message.id, message.replicaId);
      case 'report':
        if (message.usage) place.usage = message.usage;
        return sharing.receive(id, message);
      default:
        return sharing.receive(id, message);
    }
  }

  /** Resolves with what went wrong. */
  private async wake(key: string): Promise<ErrorMessage | undefined> {
    const entry = this.options.sharing.directory.find(key);
    if (!entry) return { code: 'function-not-found', message: `function ${key} does not exist`, facts: {} };
    try {
      await this.options.activator.wake(entry.state.spec);
      return undefined;
    } catch (error) {
      if (error instanceof ShoalError) return { code: error.code, message: error.message, facts: error.facts };
      return { code: 'internal', message: messageOf(error), facts: {} };
    }
  }

  /** Gives the place to another worker: at once, or after a pause when the last one was not there for long. */
  private ended(place: Place, what: string): void {
    const { clock } = this.options;
    place.listening = false;
    place.tell = () => undefined;
    place.cpuSecondsBefore += place.usage.cpuSeconds;
    place.usage = { residentBytes: 0, cpuSeconds: 0 };
    // The first start is watched by whoever waits for it.
    if (this.draining || !place.known) return;
    const early = clock.monotonicMs() - place.startedMs < EARLY_MS;
    const pauseMs = early ? place.pauseMs : 0;
    place.pauseMs = early ? Math.min(place.pauseMs * 2 || FIRST_PAUSE_MS, LONGEST_PAUSE_MS) : 0;
    this.restarts++;
    console.error(`${what}; another one starts${pauseMs > 0 ? ` in ${pauseMs} ms` : ''}`);
    setTimeout(() => {
      // It is replaced in its turn.
      if (!this.draining) this.fork(place).catch((error: unknown) => console.error(messageOf(error)));
    }, pauseMs);
  }

  private tick(): void {
    const nowMs = this.options.clock.monotonicMs();
    const late = nowMs - this.tickedMs > LATE_MS;
    this.tickedMs = nowMs;
    this.options.sharing.tick();
    for (const place of this.places) {
      // What they said meanwhile has not been read yet.
      if (late) place.heardMs = nowMs;
      if (!place.worker || place.worker.isDead() || nowMs - place.heardMs < SILENT_MS) continue;
      place.heardMs = nowMs;
      console.error(`data-plane worker ${place.number} (process ${place.worker.process.pid}) has not answered for ${SILENT_MS / 1_000} s: it is ended`);
      kill(place);
    }
  }
}

/** Also one that is stopped. */
function kill({ worker }: Place): void {
  if (worker && !worker.isDead()) worker.process.kill('SIGKILL');
}

/** Of Node's own messages to workers that pass on a connection. */
interface PassedOn {
  readonly act?: string;
  readonly seq?: number;
}

/**
 * Node keeps its copy of a connection that it passes on until the worker has answered, and for ever when that ends before:
 * its caller would wait for ever. There is one at a time, and no public way to learn of it.
 */
function closeUnanswered({ process }: Worker): void {
  if (!process.send) return; // It could not be started.
  const send = process.send.bind(process) as (...args: readonly unknown[]) => boolean;
  let unanswered: { readonly seq: number | undefined; readonly handle: { close(): void } } | undefined;
  process.send = (...args: readonly unknown[]) => {
    const [message, handle] = args as [PassedOn, { close(): void } | undefined];
    if (message.act === 'newconn' && handle) unanswered = { seq: message.seq, handle };
    return send(...args);
  };
  process.on('internalMessage', ({ ack }: { readonly ack?: number }) => {
    if (ack !== undefined && ack === unanswered?.seq) unanswered = undefined;
  });
  process.once('exit', () => unanswered?.handle.close());
}
