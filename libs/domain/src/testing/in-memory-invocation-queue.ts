import type { Claim, DeadLetterQuery, InvocationQueue, QueueDepth, QueueListener, ScheduleLog, ScheduleProgress, Settlement } from '../queue/invocation-queue';
import { laneOf, type Lane } from '../queue/lane';
import { cancelledRecord, isEnded, newRecord, redrivenRecord, releasedRecord, takenRecord, type CallRecord, type QueuedCall, type StoredAnswer } from '../queue/queued-call';
import type { Clock, Timer } from '../shared/clock';
import { ShoalError } from '../shared/errors';

interface Entry {
  readonly call: QueuedCall;
  readonly sequence: number;
  record: CallRecord;
  answer?: StoredAnswer;
  /** In which it can be taken; `undefined` while it is claimed, waits or has ended. */
  lane: Lane | undefined;
  claim: Claim | undefined;
  timer?: Timer;
  dead: boolean;
}

export interface InMemoryQueueOptions {
  readonly clock: Clock;
  readonly maxBodyBytes?: number;
  readonly maxCalls?: number;
  /** Unrenewed claims are taken away after so long. */
  readonly claimMs?: number;
  readonly keepEndedMs?: number;
}

/** Forgets everything with the process, and keeps every other promise. */
export class InMemoryInvocationQueue implements InvocationQueue, ScheduleLog {
  readonly maxBodyBytes: number;
  readonly secret = 'secret-of-the-fake';
  problem: string | undefined;
  private readonly entries = new Map<string, Entry>();
  private readonly followers = new Map<string, Set<(record: CallRecord) => void>>();
  private readonly schedules = new Map<string, ScheduleProgress>();
  private listener: QueueListener | undefined;
  private sequence = 0;

  constructor(private readonly options: InMemoryQueueOptions) {
    this.maxBodyBytes = options.maxBodyBytes ?? 1024 * 1024;
  }

  async publish(call: QueuedCall): Promise<'stored' | 'known'> {
    if (call.body.byteLength > this.maxBodyBytes) throw new ShoalError('body-too-large', 'too large for the queue');
    if (this.entries.has(call.id)) return 'known';
    if (this.entries.size >= (this.options.maxCalls ?? Infinity)) throw new ShoalError('queue-full', 'no room for more calls');
    const lane = laneOf('call', call.functionKey);
    this.entries.set(call.id, { call, sequence: this.sequence++, record: newRecord(call), lane, claim: undefined, dead: false });
    this.listener?.ready(lane);
    return 'stored';
  }

  async take(lane: Lane, most: number): Promise<readonly Claim[]> {
    const next = [...this.entries.values()].filter((entry) => entry.lane === lane).sort((a, b) => a.sequence - b.sequence).slice(0, most);
    return next.map((entry) => {
      entry.lane = undefined;
      this.write(entry, takenRecord(entry.record, this.options.clock.nowMs()));
      const claim: Claim = { lane, call: entry.call, record: entry.record, ...(entry.answer ? { answer: entry.answer } : {}) };
      entry.claim = claim;
      this.expireClaim(entry, claim);
      return claim;
    });
  }

  async renew(claim: Claim): Promise<void> {
    const entry = this.holder(claim);
    if (entry) this.expireClaim(entry, claim);
  }

  async settle(claim: Claim, settlement: Settlement): Promise<void> {
    const entry = this.holder(claim);
    if (!entry) return;
    entry.timer?.cancel();
    entry.claim = undefined;
    switch (settlement.kind) {
      case 'release':
        this.write(entry, releasedRecord(claim.record));
        return this.offer(entry, claim.lane);
      case 'retry':
        this.write(entry, settlement.record);
        entry.timer = this.options.clock.after((settlement.record.nextAttemptMs ?? 0) - this.options.clock.nowMs(), () => this.offer(entry, claim.lane));
        return;
      case 'end':
        if (settlement.answer) entry.answer = settlement.answer;
        entry.dead = settlement.record.state === 'failed';
        this.write(entry, settlement.record);
        if (settlement.record.callback?.state === 'pending') return this.offer(entry, laneOf('callback', entry.call.functionKey));
        return this.forgetLater(entry);
      case 'callback-end':
        this.write(entry, settlement.record);
        return this.forgetLater(entry);
    }
  }

  async find(id: string) {
    const entry = this.entries.get(id);
    return entry && { record: entry.record, ...(entry.answer ? { answer: entry.answer } : {}) };
  }

  async follow(id: string, changed: (record: CallRecord) => void): Promise<() => void> {
    const followers = this.followers.get(id) ?? new Set();
    this.followers.set(id, followers.add(changed));
    return () => void followers.delete(changed);
  }

  async cancel(id: string): Promise<CallRecord | undefined> {
    const entry = this.entries.get(id);
    if (!entry || isEnded(entry.record)) return entry?.record;
    entry.timer?.cancel();
    entry.lane = undefined;
    entry.claim = undefined;
    this.write(entry, cancelledRecord(entry.record, this.options.clock.nowMs()));
    this.listener?.cancelled(id);
    this.forgetLater(entry);
    return entry.record;
  }

  async watch(listener: QueueListener): Promise<void> {
    this.listener = listener;
    for (const lane of new Set([...this.entries.values()].map((entry) => entry.lane))) if (lane) listener.ready(lane);
  }

  async depths(): Promise<readonly QueueDepth[]> {
    const entries = [...this.entries.values()];
    const keys = [...new Set(entries.map(({ call }) => call.functionKey))].sort();
    return keys.map((functionKey) => {
      const own = entries.filter(({ call }) => call.functionKey === functionKey);
      const queued = own.filter(({ record }) => record.state === 'queued');
      return {
        functionKey,
        queued: queued.length,
        unfinished: own.filter(({ record }) => record.state === 'running' || record.state === 'retrying').length,
        callbacks: own.filter(({ record }) => isEnded(record) && record.callback?.state === 'pending' && record.state !== 'cancelled').length,
        dead: own.filter(({ dead }) => dead).length,
        ...(queued.length > 0 ? { oldestMs: Math.min(...queued.map(({ record }) => record.acceptedMs)) } : {}),
      };
    });
  }

  async deadLetters({ functionKey, after, most }: DeadLetterQuery): Promise<readonly CallRecord[]> {
    const dead = [...this.entries.values()].filter((entry) => entry.dead && (functionKey === undefined || entry.call.functionKey === functionKey));
    const records = dead.map(({ record }) => record).sort((a, b) => (a.endedMs ?? 0) - (b.endedMs ?? 0));
    return records.slice(records.findIndex(({ id }) => id === after) + 1).slice(0, most);
  }

  async deadLetter(id: string): Promise<QueuedCall | undefined> {
    const entry = this.entries.get(id);
    return entry?.dead ? entry.call : undefined;
  }

  async redrive(id: string): Promise<boolean> {
    const entry = this.entries.get(id);
    if (!entry?.dead) return false;
    this.entries.set(id, { call: entry.call, sequence: this.sequence++, record: entry.record, lane: undefined, claim: undefined, dead: false });
    const fresh = this.entries.get(id)!;
    this.write(fresh, redrivenRecord(entry.record, this.options.clock.nowMs()));
    this.offer(fresh, laneOf('call', entry.call.functionKey));
    return true;
  }

  async purge(id: string): Promise<boolean> {
    return this.entries.get(id)?.dead === true && this.entries.delete(id);
  }

  async close(): Promise<void> {
    this.listener = undefined;
  }

  async scheduleProgress(functionKey: string): Promise<ScheduleProgress | undefined> {
    return this.schedules.get(functionKey);
  }

  async setScheduleProgress(functionKey: string, progress: ScheduleProgress | undefined): Promise<void> {
    if (progress) this.schedules.set(functionKey, progress);
    else this.schedules.delete(functionKey);
  }

  private holder(claim: Claim): Entry | undefined {
    const entry = this.entries.get(claim.call.id);
    return entry?.claim === claim ? entry : undefined;
  }

  private expireClaim(entry: Entry, claim: Claim): void {
    entry.timer?.cancel();
    if (this.options.claimMs === undefined) return;
    entry.timer = this.options.clock.after(this.options.claimMs, () => {
      entry.claim = undefined;
      this.offer(entry, claim.lane);
    });
  }

  private offer(entry: Entry, lane: Lane): void {
    entry.lane = lane;
    this.listener?.ready(lane);
  }

  private write(entry: Entry, record: CallRecord): void {
    entry.record = record;
    for (const changed of this.followers.get(record.id) ?? []) changed(record);
  }

  private forgetLater(entry: Entry): void {
    const { keepEndedMs } = this.options;
    if (keepEndedMs === undefined || entry.dead) return;
    this.options.clock.after(keepEndedMs, () => this.entries.delete(entry.call.id));
  }
}
