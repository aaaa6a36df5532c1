import { messageOf, ShoalError } from '@shoal/domain/shared/errors';
import Docker from 'dockerode';

/** How long the engine may take to answer one question. A manager that elects a leader takes up to 12 s. */
const ANSWER_TIMEOUT_MS = 15_000;
/** An engine that takes longer is asked whether it is there at all. */
const SUSPECT_MS = 2_000;
/** What even a busy one, or one whose manager has no leader, answers within. */
const PING_MS = 3_000;
/** For an answer of one that said nothing the last time. */
const SILENT_TIMEOUT_MS = 1_000;
/** After who asked has been told that it took too long. */
const CLOSE_AFTER_MS = 500;

/**
 * A Docker engine that is a manager of a swarm. All that goes wrong becomes a `ShoalError` in the engine's own words,
 * and no question waits for ever. An engine that hangs is found out sooner than one that is only slow, and once that is
 * known nobody waits for it long.
 */
export class Engine {
  /** For what streams (events, logs), which has no time limit; its errors need `toShoalError`. */
  readonly docker: Docker;
  /** For questions: a connection on which nothing comes is closed, not only forgotten. */
  private readonly limited: Docker;
  private readonly pinging: Docker;
  private silent = false;

  /** @param host as in `DOCKER_HOST`: `unix:///var/run/docker.sock`, `tcp://…`; the usual one when absent. */
  constructor(
    host?: string,
    private readonly timeoutMs = ANSWER_TIMEOUT_MS,
  ) {
    this.docker = new Docker(optionsOf(host));
    this.limited = new Docker({ ...optionsOf(host), timeout: timeoutMs + CLOSE_AFTER_MS });
    this.pinging = new Docker({ ...optionsOf(host), timeout: PING_MS });
  }

  /** Asks, and translates what goes wrong. A change that was not answered in time may still come about. */
  async ask<T>(question: (docker: Docker) => Promise<T>, timeoutMs = this.timeoutMs): Promise<T> {
    const askedMs = performance.now();
    const limitMs = this.silent ? Math.min(SILENT_TIMEOUT_MS, timeoutMs) : timeoutMs;
    const timers: NodeJS.Timeout[] = [];
    const late = new Promise<never>((_, reject) => {
      const end = () => reject(new Error(`it did not answer within ${Math.round((performance.now() - askedMs) / 100) / 10} s`));
      timers.push(setTimeout(end, limitMs));
      if (limitMs > SUSPECT_MS + PING_MS) timers.push(setTimeout(() => void this.isThere().then((there) => there || end()), SUSPECT_MS));
    });
    const answer = question(this.limited);
    answer.then(() => this.heard(), (error: unknown) => statusOf(error) === undefined || this.heard()); // Also when it comes too late.
    try {
      return await Promise.race([answer, late]);
    } catch (error) {
      throw toShoalError(error);
    } finally {
      for (const timer of timers) clearTimeout(timer);
    }
  }

  private heard(): void {
    this.silent = false;
  }

  private async isThere(): Promise<boolean> {
    // One that refuses the connection, too, says so itself.
    const there = await this.pinging.ping().then(() => true, (error: NodeJS.ErrnoException) => error.code !== 'ECONNRESET');
    if (!there) this.silent = true;
    return there;
  }

  /** As `ask`; `undefined` when the engine knows no such thing. */
  async find<T>(question: (docker: Docker) => Promise<T>): Promise<T | undefined> {
    try {
      return await this.ask(question);
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }
}

/** Older engines answer 500 to some of what they are asked in vain. */
const INVALID = /code = InvalidArgument/;

/** The status that the engine answered with, of its own error or of the `ShoalError` made of it. */
export function statusOf(error: unknown): number | undefined {
  const own = (error as { statusCode?: unknown } | null)?.statusCode;
  if (typeof own === 'number') return own;
  return error instanceof ShoalError && error.cause !== undefined ? statusOf(error.cause) : undefined;
}

/** An error of the engine, or of the way to it, in our terms. */
export function toShoalError(error: unknown): ShoalError {
  if (error instanceof ShoalError) return error;
  const status = statusOf(error);
  const options = { cause: error };
  if (status === undefined) return unavailable(`the Docker engine cannot be reached: ${reasonOf(error)}`, options);
  // Not in swarm mode, not a manager, no leader, too busy.
  if (status >= 500 && !INVALID.test(messageOf(error))) return unavailable(`the Docker engine answers: ${reasonOf(error)}`, options);
  // Something between us and the engine lets us ask, but not that.
  if (status === 401 || status === 403) return unavailable(`the way to the Docker engine is barred: ${reasonOf(error)}`, options);
  if (status === 409) return new ShoalError('already-exists', reasonOf(error), { layer: 'provider' }, options);
  return new ShoalError('invalid-request', reasonOf(error), { layer: 'provider' }, options);
}

function unavailable(message: string, options: ErrorOptions): ShoalError {
  return new ShoalError('backend-unavailable', message, { layer: 'provider' }, options);
}

/** The engine's own sentence, without what its layers have put around it. */
function reasonOf(error: unknown): string {
  const json = (error as { json?: { message?: unknown } } | null)?.json;
  const text = typeof json?.message === 'string' ? json.message : messageOf(error) || String((error as NodeJS.ErrnoException).code);
  return text.replace(/^rpc error: code = \w+ desc = /, '').trim();
}

function optionsOf(host: string | undefined): Docker.DockerOptions | undefined {
  if (host === undefined) return undefined;
  if (host.startsWith('unix://')) return { socketPath: host.slice('unix://'.length) };
  const { hostname, port } = new URL(host);
  return { host: hostname, port: Number(port || 2375), protocol: 'http' };
}
