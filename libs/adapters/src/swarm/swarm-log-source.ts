import { setMaxListeners } from 'node:events';
import { functionKey } from '@shoal/domain/functions/function-spec';
import type { LogLine, LogQuery, LogSource } from '@shoal/domain/logs/log-source';
import { readLogStream, SilentLog, type LogStreamQuery } from './docker-log-stream';
import type { Engine } from './engine';
import type { TaskLogLine } from './log-lines';
import { lastLines, mergeByTime } from './log-order';
import { SeenLines } from './seen-lines';
import { LABEL } from './service-spec';
import type { Service, Task } from './swarm-types';
import { TaskFollower } from './task-follower';
import { hasStarted, isOver } from './task-life';

/** Replicas whose past is read, those that run first, then those that have ended last. */
const MAX_TASKS = 200;
/** Of the lines that are kept to find the last ones, in characters. */
const MAX_TAIL_LENGTH = 64 * 1024 * 1024;
/** The engine waits for ever for a machine that hangs; one that reads a long log from a slow disk is quiet for a while too. */
const SILENCE_MS = 10_000;
/** Two streams of a container may be stored a little out of order. */
const OVERLAP_MS = 1_000;

export interface SwarmLogOptions {
  /** Of functions whose service does not say one. */
  readonly defaultNamespace: string;
  /** For people: why the lines of some replica are missing. */
  readonly warn: (text: string) => void;
  /** For so long the engine may send nothing of a replica's past before the rest of it is given up; 10 s when absent. */
  readonly silenceMs?: number;
}

/**
 * Reads the logs that the engines of a swarm keep, of each replica by itself. Of a whole service the engine sends lines in
 * no order, loses some when several replicas on one machine write at a time (20.10), and sends nothing more once one
 * machine hangs.
 */
export class SwarmLogSource implements LogSource {
  constructor(
    private readonly engine: Engine,
    private readonly options: SwarmLogOptions,
  ) {}

  async *read(query: LogQuery, signal: AbortSignal): AsyncGenerator<LogLine> {
    // Ends all streams, however the reading ends.
    const ending = new AbortController();
    setMaxListeners(0, ending.signal); // One a stream; their number is bounded.
    const end = () => ending.abort();
    signal.addEventListener('abort', end);
    try {
      if (signal.aborted) return;
      for await (const { taskId, timestamp, text } of new Reading(this.engine, this.options, query, ending.signal).lines()) {
        yield { ...query.id, instance: taskId, timestamp, text };
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', end);
      end();
    }
  }
}

/** One reader's reading of one function's log. */
class Reading {
  private readonly seen = new SeenLines();

  constructor(
    private readonly engine: Engine,
    private readonly options: SwarmLogOptions,
    private readonly query: LogQuery,
    private readonly signal: AbortSignal,
  ) {}

  async *lines(): AsyncGenerator<TaskLogLine> {
    const { tail, follow } = this.query;
    const tasks = await this.listTasks();
    if (tasks.length === 0) return;
    const past = this.seen.leaveOut(mergeByTime(latest(tasks).map((task) => this.past(task))));
    yield* tail === undefined ? past : lastLines(tail, MAX_TAIL_LENGTH, past);
    if (!follow) return;
    const follower = new TaskFollower({
      list: () => this.listTasks(),
      live: (task, signal) => this.live(task, signal),
      rest: (task) => this.seen.leaveOut(this.finite(task, { sinceMs: this.resumeMs(task) })),
    });
    yield* follower.lines(tasks.filter(isOver), this.signal);
  }

  private past(task: Task): AsyncGenerator<TaskLogLine> {
    const { sinceMs, tail } = this.query;
    // One line at least tells how far the past goes, also to who wants none of it.
    return this.finite(task, { sinceMs, tail: tail === undefined ? undefined : Math.max(tail, 1) });
  }

  /** Of a task that has ended the engine would go on to say nothing. */
  private async *live(task: Task, signal: AbortSignal): AsyncGenerator<TaskLogLine> {
    try {
      yield* this.seen.leaveOut(this.stream(task, { follow: true, sinceMs: this.resumeMs(task) }, signal));
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Without the end of it when its machine hangs. */
  private async *finite(task: Task, query: Pick<LogStreamQuery, 'sinceMs' | 'tail'>): AsyncGenerator<TaskLogLine> {
    const { silenceMs = SILENCE_MS } = this.options;
    try {
      yield* this.stream(task, { ...query, follow: false, silenceMs }, this.signal);
    } catch (error) {
      if (!(error instanceof SilentLog)) throw error;
      this.note(`replica ${task.ID}: ${error.message}`);
    }
  }

  private stream({ ID }: Task, query: Omit<LogStreamQuery, 'of'>, signal: AbortSignal): AsyncGenerator<TaskLogLine> {
    const lines = readLogStream(this.engine, { ...query, of: `tasks/${ID}` }, (text) => this.note(text), signal);
    return after(this.query.sinceMs, lines);
  }

  private resumeMs({ ID }: Task): number | undefined {
    const newest = this.seen.newestOf(ID);
    return newest === undefined ? this.query.sinceMs : Date.parse(newest) - OVERLAP_MS;
  }

  /** Those that the query asks for; none when there is no such function. */
  private async listTasks(): Promise<readonly Task[]> {
    const { id, instance } = this.query;
    const abortSignal = this.signal;
    const ofName = { filters: { label: [`${LABEL.name}=${id.name}`] }, abortSignal };
    const services = await this.engine.ask((docker) => docker.listServices(ofName) as unknown as Promise<readonly Service[]>);
    const service = services.find(({ Spec }) => (Spec.Labels?.[LABEL.namespace] ?? this.options.defaultNamespace) === id.namespace);
    if (!service) return [];
    const ofService = { filters: { service: [service.ID] }, abortSignal };
    const tasks = await this.engine.find((docker) => docker.listTasks(ofService) as unknown as Promise<readonly Task[]>);
    return (tasks ?? []).filter(({ ID }) => instance === undefined || ID === instance);
  }

  private note(text: string): void {
    this.options.warn(`the log of function ${functionKey(this.query.id)} is incomplete: ${text}`);
  }
}

/** Docker's own `since` lets through what is as old as that. */
async function* after(sinceMs: number | undefined, lines: AsyncIterable<TaskLogLine>): AsyncGenerator<TaskLogLine> {
  // The rest of that millisecond has passed too: who names the time of a line has had it.
  const since = sinceMs === undefined ? '' : new Date(Math.max(sinceMs, 0)).toISOString().replace('Z', '999999Z');
  for await (const line of lines) if (line.timestamp > since) yield line;
}

function latest(tasks: readonly Task[]): readonly Task[] {
  const rank = (task: Task) => (isOver(task) ? '0' : '1') + task.Status.Timestamp;
  return tasks
    .filter(hasStarted)
    .sort((a, b) => (rank(a) > rank(b) ? -1 : 1))
    .slice(0, MAX_TASKS);
}
