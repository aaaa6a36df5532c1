import { setTimeout as sleep } from 'node:timers/promises';
import { Channel } from './channel';
import type { TaskLogLine } from './log-lines';
import type { Task } from './swarm-types';
import { hasStarted, isOver } from './task-life';

/** How soon a replica that starts later is noticed, and one that has ended. */
const LOOK_MS = 1_000;

export interface TaskLogs {
  /** All tasks there are now; none when there is nothing left that could write. */
  list(): Promise<readonly Task[]>;
  /** What the task writes from now on; goes on after its end until `signal` comes, and then ends. */
  live(task: Task, signal: AbortSignal): AsyncIterable<TaskLogLine>;
  /** What it has written and nobody has read yet. */
  rest(task: Task): AsyncIterable<TaskLogLine>;
}

/** Follows the logs of tasks that come and go. */
export class TaskFollower {
  private readonly channel = new Channel<TaskLogLine>();
  /** By task; aborted once it is known to have ended. */
  private readonly ends = new Map<string, AbortController>();
  private readonly pumps = new Set<Promise<void>>();

  constructor(private readonly logs: TaskLogs) {}

  /**
   * Until nothing can come any more, or `signal` comes.
   *
   * @param read those whose logs have been read to the end.
   */
  async *lines(read: readonly Task[], signal: AbortSignal): AsyncGenerator<TaskLogLine> {
    for (const { ID } of read) this.ends.set(ID, new AbortController());
    signal.addEventListener('abort', () => {
      this.channel.close();
      for (const end of this.ends.values()) end.abort();
    });
    const all = async () => {
      while (await this.look()) await sleep(LOOK_MS, undefined, { signal });
      await Promise.all(this.pumps);
    };
    all().then(
      () => this.channel.close(),
      (error: Error) => this.channel.close(error),
    );
    yield* this.channel.read();
  }

  /** Whether there is anything that may still write. */
  private async look(): Promise<boolean> {
    const tasks = await this.logs.list();
    const goingOn = new Set(tasks.filter((task) => !isOver(task)).map(({ ID }) => ID));
    for (const [id, end] of this.ends) if (!goingOn.has(id)) end.abort();
    for (const task of tasks) if (hasStarted(task) && !this.ends.has(task.ID)) this.follow(task);
    const listed = new Set(tasks.map(({ ID }) => ID));
    for (const id of this.ends.keys()) if (!listed.has(id)) this.ends.delete(id);
    return tasks.length > 0;
  }

  private follow(task: Task): void {
    const end = new AbortController();
    this.ends.set(task.ID, end);
    if (isOver(task)) end.abort();
    const pump = this.pump(task, end.signal)
      .catch((error: Error) => this.channel.close(error))
      .finally(() => this.pumps.delete(pump));
    this.pumps.add(pump);
  }

  private async pump(task: Task, end: AbortSignal): Promise<void> {
    if (!end.aborted) for await (const line of this.logs.live(task, end)) await this.channel.put(line);
    for await (const line of this.logs.rest(task)) await this.channel.put(line);
  }
}
