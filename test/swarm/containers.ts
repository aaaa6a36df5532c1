import type { Engine } from '@shoal/adapters/swarm/engine';
import { FrameParser } from '@shoal/adapters/swarm/log-frames';
import type { Task } from '@shoal/adapters/swarm/swarm-types';

const POLL_MS = 50;
const PATIENCE_MS = 30_000;

/** Resolves with the first result of `look` that is not `undefined`. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (const endMs = Date.now() + PATIENCE_MS; Date.now() < endMs; await new Promise((resolve) => setTimeout(resolve, POLL_MS))) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`${what}: not within ${PATIENCE_MS / 1_000} s`);
}

/** The tasks of a service, once exactly `count` of them run and are to go on running. */
export function runningTasks(engine: Engine, service: string, count: number): Promise<readonly Task[]> {
  return eventually(`${count} tasks of ${service} run`, async () => {
    const tasks = await listTasks(engine, service);
    const running = tasks.filter(({ Status, DesiredState }) => Status.State === 'running' && DesiredState === 'running');
    return running.length === count ? running : undefined;
  });
}

export function listTasks(engine: Engine, service: string): Promise<readonly Task[]> {
  return engine.ask((docker) => docker.listTasks({ filters: { service: [service] } }) as unknown as Promise<readonly Task[]>);
}

/** Runs a command in the container of a task; resolves with what it wrote. */
export async function runIn(engine: Engine, task: Task, ...Cmd: string[]): Promise<string> {
  const container = engine.docker.getContainer(task.Status.ContainerStatus!.ContainerID!);
  const command = await container.exec({ Cmd, AttachStdout: true, AttachStderr: true });
  const parser = new FrameParser();
  let output = '';
  for await (const chunk of await command.start({})) {
    for (const { payload } of parser.push(chunk as Buffer)) output += payload.toString();
  }
  return output;
}
