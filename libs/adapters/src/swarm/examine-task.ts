import { readLogStream } from './docker-log-stream';
import type { Engine } from './engine';
import type { Autopsy } from './replica-state';
import type { Task } from './swarm-types';

const LAST_LINES = 5;
const MAX_LINE_LENGTH = 200;
const LOG_SILENCE_MS = 2_000;

/** What can be learned of the container of a task that has ended. Never rejects: what cannot be asked is left out. */
export async function examineTask(engine: Engine, task: Task): Promise<Autopsy> {
  const containerId = task.Status.ContainerStatus?.ContainerID;
  if (!containerId) return { lastLines: [] };
  const [container, lastLines] = await Promise.all([
    // Only containers of the machine that is asked.
    engine.find((docker) => docker.getContainer(containerId).inspect()).catch(() => undefined),
    linesOf(engine, task.ID).catch(() => []),
  ]);
  const outOfMemory = container?.State.OOMKilled;
  return { ...(outOfMemory === undefined ? {} : { outOfMemory }), lastLines };
}

async function linesOf(engine: Engine, taskId: string): Promise<readonly string[]> {
  const query = { of: `tasks/${taskId}`, follow: false, tail: LAST_LINES, silenceMs: LOG_SILENCE_MS };
  const lines: string[] = [];
  for await (const { text } of readLogStream(engine, query, () => undefined, new AbortController().signal)) {
    const line = text.trim().slice(0, MAX_LINE_LENGTH);
    if (line !== '') lines.push(line);
  }
  return lines.slice(-LAST_LINES);
}
