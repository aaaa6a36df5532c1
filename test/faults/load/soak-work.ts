import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ask, open, type Question } from '../../e2e/ask';
import type { GatewayProcess } from '../../e2e/gateway-process';

const ENDED_MS = 60_000;

/** What people and programs do with a gateway all day, each kind in a loop of its own, and what of it went wrong. */
export class SoakWork {
  /** What should not have happened. */
  readonly failures: string[] = [];
  /** How often each kind was done. */
  readonly done: Record<string, number> = {};
  readonly accepted = new Set<string>();
  readonly calledBack = new Set<string>();
  private readonly receiver: Server;
  private over = false;

  constructor(private readonly gateway: GatewayProcess) {
    this.receiver = createServer((req, res) => {
      this.calledBack.add(String(req.headers['x-call-id']));
      req.resume().on('end', () => res.end());
    });
  }

  /** Works until `end`, then resolves when all has come to its end. */
  async run(untilOver: Promise<unknown>): Promise<void> {
    await new Promise<void>((resolve) => this.receiver.listen(0, '127.0.0.1', resolve));
    const kinds = [this.deployAndRemove, this.updateAndScale, this.callLater, this.callWrong, this.leave, this.followLog, this.watchEvents, this.signIn, this.signInWrongly, this.look];
    const loops = kinds.map((kind) => this.loop(kind.name, () => kind.call(this)));
    try {
      await untilOver;
    } finally {
      this.over = true;
      await Promise.all(loops);
      await this.stopReceiving();
    }
  }

  /** Once all has come that was accepted, or would have. */
  private async stopReceiving(): Promise<void> {
    for (const deadline = Date.now() + ENDED_MS; this.calledBack.size < this.accepted.size && Date.now() < deadline; ) await pause(100);
    this.receiver.close();
    this.receiver.closeAllConnections();
  }

  private async loop(name: string, work: () => Promise<void>): Promise<void> {
    while (!this.over) {
      await work().catch((error: unknown) => this.failures.push(`${name}: ${String(error)}`));
      this.done[name] = (this.done[name] ?? 0) + 1;
    }
  }

  private send(method: string, path: string, { headers, ...question }: Question = {}) {
    return ask(this.gateway.url, method, path, { ...question, headers: { ...this.gateway.authorization(), ...headers } });
  }

  private async require(status: number, method: string, path: string, question?: Question): Promise<string> {
    const answer = await this.send(method, path, question);
    if (answer.status !== status) throw new Error(`${method} ${path}: ${answer.status} instead of ${status}: ${answer.text.slice(0, 300)}`);
    return answer.text;
  }

  /** Under a new name each time: what is kept of functions must go with them. */
  private async deployAndRemove(): Promise<void> {
    const name = `brief-${this.done['deployAndRemove'] ?? 0}`;
    await this.gateway.deploy(name, { envProcess: 'cat' });
    await this.require(200, 'POST', `/function/${name}`, { body: 'x'.repeat(20_000) });
    await this.require(200, 'GET', `/system/function/${name}/statistics`);
    await this.require(202, 'DELETE', '/system/functions', { body: { functionName: name } });
    await pause(500);
  }

  private async updateAndScale(): Promise<void> {
    const turn = String(this.done['updateAndScale'] ?? 0);
    const scale = (replicas: number) => this.require(202, 'POST', '/system/scale-function/changing', { body: { serviceName: 'changing', replicas } });
    await this.require(202, 'PUT', '/system/functions', { body: { service: 'changing', image: 'load', envVars: { TURN: turn } } });
    await this.require(200, 'GET', '/function/changing');
    await scale(0);
    await this.gateway.until(async () => (JSON.parse(await this.require(200, 'GET', '/system/function/changing')) as { availableReplicas: number }).availableReplicas === 0);
    await this.require(200, 'GET', '/function/changing');
    await scale(3);
    await this.require(200, 'GET', '/function/changing?ms=50');
    await scale(1);
    await pause(1_000);
  }

  private async callLater(): Promise<void> {
    const { port } = this.receiver.address() as AddressInfo;
    const status = this.accepted.size % 10 === 0 ? '?status=400' : '';
    const answer = await this.send('POST', `/async-function/steady${status}`, { body: 'x'.repeat(5_000), headers: { 'X-Callback-Url': `http://127.0.0.1:${port}/` } });
    if (answer.status !== 202) throw new Error(`not accepted: ${answer.status} ${answer.text}`);
    this.accepted.add(String(answer.headers['x-call-id']));
    await pause(50);
  }

  private async callWrong(): Promise<void> {
    await this.require(500, 'GET', '/function/steady?status=500');
    await this.require(404, 'GET', `/function/nobody-${this.done['callWrong'] ?? 0}`);
    await this.require(500, 'POST', '/function/failing', { body: 'x' });
    await this.require(400, 'POST', '/system/functions', { body: { service: 'BAD' } });
    await pause(200);
  }

  /** A caller that does not wait for the end of its answer. */
  private async leave(): Promise<void> {
    const answer = await open(this.gateway.url, 'GET', '/function/steady?bytes=5000000');
    answer.destroy();
    await Promise.race([open(this.gateway.url, 'GET', '/function/steady?ms=500').then((late) => late.destroy()), pause(50)]);
    await pause(500);
  }

  private async followLog(): Promise<void> {
    const answer = await open(this.gateway.url, 'GET', '/system/logs?name=steady&follow=true', { headers: this.gateway.authorization() });
    answer.resume().on('error', () => undefined);
    await pause(1_000);
    answer.destroy();
  }

  private async watchEvents(): Promise<void> {
    const answer = await open(this.gateway.url, 'GET', '/system/events', { headers: this.gateway.authorization() });
    answer.resume().on('error', () => undefined);
    await pause(2_500);
    answer.destroy();
  }

  private async signIn(): Promise<void> {
    const { headers, status } = await ask(this.gateway.url, 'POST', '/ui/session', { body: { user: 'admin', password: this.gateway.password } });
    if (status !== 200) throw new Error(`signing in: ${status}`);
    const cookie = headers['set-cookie']!.map((one) => one.split(';')[0]).join('; ');
    const page = await ask(this.gateway.url, 'GET', '/ui/', { headers: { Cookie: cookie } });
    if (page.status !== 200) throw new Error(`the portal: ${page.status}`);
    await pause(700);
  }

  private async signInWrongly(): Promise<void> {
    const { status } = await ask(this.gateway.url, 'POST', '/ui/session', { body: { user: 'admin', password: 'wrong' } });
    if (status !== 401) throw new Error(`a wrong password: ${status}`);
    await pause(5_000);
  }

  private async look(): Promise<void> {
    for (const path of ['/system/functions', '/system/info', '/system/queue', '/healthz', '/system/function/steady/scaling']) await this.require(200, 'GET', path);
    await this.require(201, 'POST', '/system/secrets', { body: { name: 'passing', value: 'x' } });
    await this.require(202, 'DELETE', '/system/secrets', { body: { name: 'passing' } });
    await pause(500);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
