import { setMaxListeners } from 'node:events';
import { functionKey, type FunctionId } from '@shoal/domain/functions/function-spec';
import type { LogLine, LogQuery, LogSource } from '@shoal/domain/logs/log-source';
import { readLogStream, SilentLog } from './docker-log-stream';
import type { Engine } from './engine';
import type { TaskLogLine } from './log-lines';
import { lastLines, mergeByTime } from './log-order';
import { SeenLines } from './seen-lines';
import { LABEL } from './service-spec';
import type { Service, Task, TaskState } from './swarm-types';

/** Replicas whose past is read at once, those that live first. */
const MAX_TASKS = 200;
/** Of the lines that are kept to find the last ones, in characters. */
const MAX_TAIL_LENGTH = 64 * 1024 * 1024;
/** The engine waits for ever for a machine that hangs; one that reads a long log from a slow disk is quiet for a while too. */
const SILENCE_MS = 10_000;
/** How far the clocks of the machines may be apart. */
const CLOCK_MARGIN_MS = 60_000;
/** A container has run. Of one that is still to start, the engine waits until it does. */
const STARTED: ReadonlySet<TaskState> = new Set<TaskState>(['running', 'complete', 'shutdown', 'failed', 'remove', 'orphaned']);

export interface SwarmLogOptions {
  /** Of functions whose service does not say one. */
  readonly defaultNamespace: string;
  /** For people: why the lines of some replica are missing. */
  readonly warn: (text: string) => void;
  /** For so long the engine may send nothing of a replica's past before the rest of it is given up; 10 s when absent. */
  readonly silenceMs?: number;
}

/**
 * Reads the logs that the engines of a swarm keep. The past comes from each replica by itself, merged by time: the engine
 * sends that of a whole service in no order, and nothing more of it once one machine hangs. New lines come from the
 * service as a whole, which also knows replicas that start later.
 */
export class SwarmLogSource implements LogSource {
  constructor(
    private readonly engine: Engine,
    private readonly options: SwarmLogOptions,
  ) {}

  async *read(query: LogQuery, signal: AbortSignal): AsyncGenerator<LogLine> {
    // Ends all streams, however the reading ends.
    const ending = new AbortController();
    setMaxListeners(MAX_TASKS + 1, ending.signal);
    const end = () => ending.abort();
    signal.addEventListener('abort', end);
    try {
      if (signal.aborted) return;
      for await (const { taskId, timestamp, text } of this.lines(query, ending.signal)) {
        yield { ...query.id, instance: taskId, timestamp, text };
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', end);
      end();
    }
  }

  private async *lines(query: LogQuery, signal: AbortSignal): AsyncGenerator<TaskLogLine> {
    const startedMs = Date.now();
    const service = await this.findService(query.id, signal);
    if (!service) return;
    const tasks = (await this.listTasks(service, signal)).filter(({ ID }) => query.instance === undefined || ID === query.instance);
    if (query.instance !== undefined && tasks.length === 0) return;

    const seen = new SeenLines();
    const past = seen.mark(mergeByTime(latest(tasks).map((task) => this.pastOf(task, query, signal))));
    yield* query.tail === undefined ? past : lastLines(query.tail, MAX_TAIL_LENGTH, past);
    if (query.follow) yield* seen.leaveOut(this.newLines(service, query, startedMs, signal));
  }

  /** Without the end of it when a machine hangs. */
  private async *pastOf({ ID }: Task, query: LogQuery, signal: AbortSignal): AsyncGenerator<TaskLogLine> {
    const { silenceMs = SILENCE_MS } = this.options;
    // One line at least tells how far the past goes, also for who wants none of it.
    const tail = query.tail === undefined ? undefined : Math.max(query.tail, 1);
    const lines = readLogStream(this.engine, { of: `tasks/${ID}`, follow: false, sinceMs: query.sinceMs, tail, silenceMs }, this.noteOn(query), signal);
    try {
      yield* after(query.sinceMs, lines);
    } catch (error) {
      if (!(error instanceof SilentLog)) throw error;
      this.noteOn(query)(`replica ${ID}: ${error.message}`);
    }
  }

  /** Some of the past is among them, because the clocks of machines differ. */
  private newLines(service: Service, query: LogQuery, startedMs: number, signal: AbortSignal): AsyncGenerator<TaskLogLine> {
    const of = query.instance === undefined ? `services/${service.ID}` : `tasks/${query.instance}`;
    const sinceMs = Math.max(query.sinceMs ?? 0, startedMs - CLOCK_MARGIN_MS);
    return after(query.sinceMs, readLogStream(this.engine, { of, follow: true, sinceMs }, this.noteOn(query), signal));
  }

  private noteOn({ id }: LogQuery): (text: string) => void {
    return (text) => this.options.warn(`the log of function ${functionKey(id)} is incomplete: ${text}`);
  }

  private async findService(id: FunctionId, signal: AbortSignal): Promise<Service | undefined> {
    const options = { filters: { label: [`${LABEL.name}=${id.name}`] }, abortSignal: signal };
    const services = await this.engine.ask((docker) => docker.listServices(options) as unknown as Promise<readonly Service[]>);
    return services.find(({ Spec }) => (Spec.Labels?.[LABEL.namespace] ?? this.options.defaultNamespace) === id.namespace);
  }

  private async listTasks({ ID }: Service, signal: AbortSignal): Promise<readonly Task[]> {
    const options = { filters: { service: [ID] }, abortSignal: signal };
    return this.engine.ask((docker) => docker.listTasks(options) as unknown as Promise<readonly Task[]>);
  }
}

/** Docker's own `since` lets through what is as old as that. */
async function* after(sinceMs: number | undefined, lines: AsyncIterable<TaskLogLine>): AsyncGenerator<TaskLogLine> {
  // The rest of that millisecond has passed too: who names the time of a line has had it.
  const since = sinceMs === undefined ? '' : new Date(Math.max(sinceMs, 0)).toISOString().replace('Z', '999999Z');
  for await (const line of lines) if (line.timestamp > since) yield line;
}

function latest(tasks: readonly Task[]): readonly Task[] {
  const rank = ({ Status }: Task) => (Status.State === 'running' ? '1' : '0') + Status.Timestamp;
  return tasks
    .filter(({ Status }) => STARTED.has(Status.State))
    .sort((a, b) => (rank(a) > rank(b) ? -1 : 1))
    .slice(0, MAX_TASKS);
}
