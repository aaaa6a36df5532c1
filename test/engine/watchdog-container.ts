import { PassThrough } from 'node:stream';
import { request, type IncomingMessage, type RequestOptions } from 'node:http';
import Docker from 'dockerode';
import { WATCHDOG_IMAGE, type TestEngine } from '../swarm/describe-on-engine';

const PORT = 8080;
const METRICS_PORT = 8081;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** One line of `ps`. */
export interface ListedProcess {
  readonly state: string;
  readonly command: string;
}

/** A container whose first process is the compiled watchdog. */
export class WatchdogContainer {
  output = '';

  private constructor(
    private readonly container: Docker.Container,
    private readonly address: string,
  ) {}

  /**
   * Starts one and waits until it listens. `script` is in the file `/tmp/function`.
   *
   * @param options of the container, as the engine's API has them.
   */
  static async start(
    { socket, network }: TestEngine,
    env: Readonly<Record<string, string>>,
    script: string,
    { HostConfig, ...options }: Docker.ContainerCreateOptions = {},
  ): Promise<WatchdogContainer> {
    const container = await new Docker({ socketPath: socket }).createContainer({
      Image: WATCHDOG_IMAGE,
      Env: Object.entries({ script, ...env }).map(([name, value]) => `${name}=${value}`),
      // The variable goes, because the environment of a process has a bound.
      Cmd: ['sh', '-c', 'printf %s "$script" >/tmp/function; unset script; exec fwatchdog'],
      HostConfig: { NetworkMode: network, ...HostConfig },
      ...options,
    });
    await container.start();
    const { NetworkSettings } = await container.inspect();
    const watchdog = new WatchdogContainer(container, NetworkSettings.Networks[network]!.IPAddress);
    await watchdog.followOutput();
    await watchdog.until(() => watchdog.output.includes('Metrics listening on port'));
    return watchdog;
  }

  async remove(): Promise<void> {
    await this.container.remove({ force: true });
  }

  async state(): Promise<Docker.ContainerInspectInfo['State']> {
    return (await this.container.inspect()).State;
  }

  async signal(signal: string): Promise<void> {
    await this.container.kill({ signal });
  }

  /** Resolves with its exit code when it has ended. */
  async ended(): Promise<number> {
    const { StatusCode } = (await this.container.wait()) as { StatusCode: number };
    return StatusCode;
  }

  async processes(): Promise<readonly ListedProcess[]> {
    const { Processes } = (await this.container.top({ ps_args: '-eo pid,stat,args' })) as { Processes: string[][] };
    return Processes.map(([, state, command]) => ({ state: state!, command: command! }));
  }

  /** Rejects when the answer breaks off. */
  async call(path = '/', options: RequestOptions = {}): Promise<Answer> {
    const answer = await this.open(path, options);
    let text = '';
    for await (const chunk of answer) text += String(chunk);
    return { status: answer.statusCode!, headers: answer.headers, text };
  }

  /** Resolves with the head of the answer; its body is the caller's to read. */
  open(path = '/', options: RequestOptions = {}): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      request({ host: this.address, port: PORT, path, agent: false, ...options }, resolve).on('error', reject).end();
    });
  }

  async metrics(): Promise<string> {
    return (await this.call('/metrics', { port: METRICS_PORT })).text;
  }

  /** Waits for `condition`, looking every 20 ms. */
  async until(condition: () => Promise<boolean> | boolean, limitMs = 15_000): Promise<void> {
    const deadline = Date.now() + limitMs;
    while (!(await condition())) {
      if (Date.now() > deadline) throw new Error(`it did not come about within ${limitMs} ms; the watchdog said:\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  private async followOutput(): Promise<void> {
    const output = new PassThrough().on('data', (chunk) => (this.output += String(chunk)));
    const frames = await this.container.logs({ stdout: true, stderr: true, follow: true });
    (this.container.modem as { demuxStream(from: NodeJS.ReadableStream, ...to: NodeJS.WritableStream[]): void }).demuxStream(frames, output, output);
  }
}
