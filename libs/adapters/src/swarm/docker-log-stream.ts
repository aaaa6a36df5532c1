import type { IncomingMessage } from 'node:http';
import { toShoalError, type Engine } from './engine';
import { FrameParser } from './log-frames';
import { LineAssembler, type TaskLogLine } from './log-lines';

export interface LogStreamQuery {
  /** `tasks/<id>`. Of `services/<id>` the engine loses lines when several tasks on one machine write at a time (20.10). */
  readonly of: string;
  readonly follow: boolean;
  /** Only lines that are not older, in milliseconds since the Unix epoch. */
  readonly sinceMs?: number | undefined;
  /** Only the last so many lines. */
  readonly tail?: number | undefined;
  /** For so long the engine may send nothing, while it is waited for, before the rest is given up; for ever when absent. */
  readonly silenceMs?: number;
}

/** The engine has stopped sending in the middle: it waits for a machine that does not answer. */
export class SilentLog extends Error {
  override readonly name = 'SilentLog';
}

/**
 * Reads what the container of a task has written; each of its two streams is in order. No lines when there is no such
 * task. With `follow` it does not end by itself. Rejects with `SilentLog`, and when `signal` comes.
 *
 * @param note told of what Docker has to say itself, as that the log of some machine cannot be had.
 */
export async function* readLogStream(engine: Engine, query: LogStreamQuery, note: (text: string) => void, signal: AbortSignal): AsyncGenerator<TaskLogLine> {
  const stream = await engine.find(() => open(engine, query, signal));
  if (!stream) return;
  const frames = new FrameParser();
  const lines = new LineAssembler();
  for await (const chunk of chunksOf(stream, query.silenceMs)) {
    for (const frame of frames.push(chunk)) {
      if (frame.stream === 'engine') note(frame.payload.toString().trim());
      else yield* lines.push(frame);
    }
  }
  yield* lines.end();
}

/** Not by dockerode's own `logs`: without `follow` these keep the whole log in memory. */
function open(engine: Engine, { of, follow, sinceMs, tail }: LogStreamQuery, signal: AbortSignal): Promise<IncomingMessage> {
  const options = {
    stdout: true,
    stderr: true,
    timestamps: true,
    details: true,
    follow,
    ...(sinceMs === undefined ? {} : { since: (Math.max(sinceMs, 0) / 1_000).toFixed(3) }),
    ...(tail === undefined ? {} : { tail }),
  };
  return new Promise((resolve, reject) => {
    const request = { path: `/${of}/logs?`, method: 'GET', isStream: true, statusCodes: { 200: true }, options, abortSignal: signal };
    engine.docker.modem.dial(request, (error: Error | null, answer: unknown) => {
      if (error) return reject(error);
      const stream = answer as IncomingMessage;
      stream.on('error', () => undefined); // Who reads is told of it; until then nobody listens.
      resolve(stream);
    });
  });
}

/** The time in which nobody reads does not count as silence. */
async function* chunksOf(stream: IncomingMessage, silenceMs: number | undefined): AsyncGenerator<Buffer> {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  for (;;) {
    const giveUp = () => stream.destroy(new SilentLog(`nothing came for ${silenceMs! / 1_000} s`));
    const timer = silenceMs === undefined ? undefined : setTimeout(giveUp, silenceMs);
    const { done, value } = await nextOf(chunks).finally(() => clearTimeout(timer));
    if (done) return;
    yield value;
  }
}

async function nextOf(chunks: AsyncIterator<Buffer>): Promise<IteratorResult<Buffer, unknown>> {
  try {
    return await chunks.next();
  } catch (error) {
    throw error instanceof SilentLog ? error : toShoalError(error);
  }
}
