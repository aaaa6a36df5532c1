import type { Task, TaskState } from './swarm-types';

const OVER: ReadonlySet<TaskState> = new Set<TaskState>(['complete', 'shutdown', 'failed', 'remove', 'orphaned']);

/** Its container has run, and will not run again. */
export function isOver({ Status }: Task): boolean {
  return OVER.has(Status.State);
}

/** Its container has run. For the log of one that is still to start, the engine waits until it does. */
export function hasStarted(task: Task): boolean {
  return task.Status.State === 'running' || isOver(task);
}
