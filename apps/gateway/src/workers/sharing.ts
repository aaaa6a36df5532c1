import type { FunctionChange } from '@shoal/domain/functions/function-provider';
import { Allotments, type Participant, type PermitGrants } from '@shoal/domain/invocation/allotments';
import { CallLog } from '@shoal/domain/invocation/call-log';
import type { CallObserver } from '@shoal/domain/invocation/call-observer';
import { CallReplay, ReplayClock } from '@shoal/domain/invocation/call-replay';
import { CallCountReport, CallCountSums, noteElsewhere } from '@shoal/domain/invocation/elsewhere';
import { Permits } from '@shoal/domain/invocation/permits';
import { ReplicaDirectory } from '@shoal/domain/invocation/replica-directory';
import type { Clock } from '@shoal/domain/shared/clock';
import type { ShareMessage, ToWorker } from './messages';

/** This process itself, which runs the calls of the queue. */
const OWN: Participant = 0;
/** So long after a worker's end replicas have noticed that their callers are gone. */
const RELEASE_MS = 500;

/**
 * The side of the gateway's main process in what it shares with its data-plane workers: the room of replicas, who has how
 * many calls, and the counting of calls, which is done here for all.
 */
export class Sharing {
  readonly directory: ReplicaDirectory;
  /** What observers of calls take for the time. */
  readonly countingClock: ReplayClock;
  private readonly permits: Permits;
  private readonly allotments: Allotments;
  private readonly report: CallCountReport;
  private readonly sums = new CallCountSums();
  private readonly workers = new Map<Participant, (message: ToWorker) => void>();
  private observing: { readonly replay: CallReplay<Participant>; readonly log: CallLog } | undefined;

  constructor(private readonly clock: Clock) {
    this.countingClock = new ReplayClock(clock);
    // Not at once: who asks is in the middle of something. What is granted comes at once, so that no change of functions overtakes it.
    const later = (action: () => void) => void Promise.resolve().then(action);
    this.permits = new Permits(
      {
        want: (...args) => later(() => this.allotments.want(OWN, ...args)),
        giveBack: (...args) => later(() => this.allotments.giveBack(OWN, ...args)),
      },
      clock,
    );
    this.directory = new ReplicaDirectory(this.permits);
    this.report = new CallCountReport(this.directory);
    this.allotments = new Allotments(this.directory, this.grants());
    this.allotments.join(OWN);
  }

  /** What has to be told of calls in this process, so that `observer` hears of all calls in order. */
  observeBy(observer: CallObserver): CallObserver {
    const replay = new CallReplay<Participant>(observer, this.clock, this.countingClock);
    const log = new CallLog(this.clock, () => this.countOwn());
    replay.join(OWN);
    this.observing = { replay, log };
    return log;
  }

  /** The listener for `FunctionProvider.watch`, in the place of the directory's. */
  readonly apply = (change: FunctionChange): void => {
    this.directory.apply(change);
    const told = forWorkers(change);
    for (const tell of this.workers.values()) tell({ kind: 'change', change: told });
    this.allotments.apply(change);
  };

  /** A worker has started: it is told of all functions, and from now on of each change. */
  join(worker: Participant, tell: (message: ToWorker) => void): void {
    this.workers.set(worker, tell);
    for (const { state } of this.directory.all()) tell({ kind: 'change', change: forWorkers({ kind: 'present', state }) });
    this.allotments.join(worker);
    this.observing?.replay.join(worker);
  }

  /** A worker has ended, with its calls. */
  leave(worker: Participant): void {
    this.workers.delete(worker);
    this.allotments.leave(worker);
    this.clock.after(RELEASE_MS, () => this.allotments.release(worker));
    this.sums.leave(worker);
    this.observing?.replay.leave(worker);
  }

  /** What comes of a worker that has left says nothing any more. */
  receive(worker: Participant, message: ShareMessage): void {
    if (!this.workers.has(worker)) return;
    switch (message.kind) {
      case 'want':
        return this.allotments.want(worker, message.key, message.calls, message.received);
      case 'giveBack':
        return this.allotments.giveBack(worker, message.key, message.replicaId, message.grant, message.permits);
      case 'report':
        this.sums.tell(worker, message.counts);
        return this.observing?.replay.add(worker, message.batch);
    }
  }

  /** To be called every `REPORT_MS`: what each has to know of the others. */
  tick(): void {
    this.countOwn();
    this.permits.tidy();
    for (const key of this.sums.takeChanged()) {
      noteElsewhere(this.directory, this.sums.elsewhere(OWN, key));
      // Where there is nothing to choose, it does not matter who has how many.
      if ((this.directory.find(key)?.slots.length ?? 0) < 2) continue;
      for (const [worker, tell] of this.workers) tell({ kind: 'elsewhere', counts: this.sums.elsewhere(worker, key) });
    }
  }

  private countOwn(): void {
    const batch = this.observing?.log.take();
    this.sums.tell(OWN, this.report.take(batch?.keys ?? []));
    if (batch) this.observing?.replay.add(OWN, batch);
  }

  private grants(): PermitGrants {
    return {
      grant: (to, key, replicaId, grant, permits) => {
        if (to === OWN) this.permits.granted(this.directory, key, replicaId, grant, permits);
        else this.workers.get(to)?.({ kind: 'grant', key, replicaId, grant, permits });
      },
      recall: (from, key, permits) => {
        if (from === OWN) this.permits.recalled(this.directory, key, permits);
        else this.workers.get(from)?.({ kind: 'recall', key, permits });
      },
    };
  }
}

/** What a call needs: the function's name and its replicas. What it is made of may be large, and is nobody else's concern. */
function forWorkers(change: FunctionChange): FunctionChange {
  if (change.kind === 'removed') return change;
  const { spec, replicas, ready, notReadyBecause } = change.state;
  const named = { id: spec.id, image: '', envVars: {}, constraints: [], secrets: [], labels: {}, annotations: {}, readOnlyRootFilesystem: false };
  return { kind: 'present', state: { spec: named, createdAt: '', replicas, ready, ...(notReadyBecause === undefined ? {} : { notReadyBecause }) } };
}
