import { ask } from '../../e2e/ask';
import type { GatewayProcess } from '../../e2e/gateway-process';
import { FUNCTION_NAMES, NAMESPACES, PASSING_NAMESPACE, SECRET_NAMES, type World } from './control-plane-case';

type Changing<T> = { -readonly [K in keyof T]: T[K] };

const CALL_IDS = 12;
/** Nobody's: cases do not name it, so it must be there afterwards as it was. */
export const KEEPER = { service: 'keeper', image: 'any', envProcess: 'cat', labels: { 'com.openfaas.scale.min': '1', keep: 'this' } };
export const OURS: readonly string[] = ['failing', 'keeper', 'waiting'];
/** Whose calls end up among the dead at once. */
const FAILING = { service: 'failing', image: 'any', envProcess: 'false', annotations: { 'com.openfaas.retry.attempts': '0' } };

/** Whose calls wait for their next attempt, for longer than this lasts. */
const WAITING = { service: 'waiting', image: 'any', envProcess: 'false', annotations: { 'com.openfaas.retry.min_wait': '20h', 'com.openfaas.retry.max_wait': '20h' } };

/** Makes what cases need to find something, and makes it again when they have removed it. */
export class Supply {
  readonly world: Changing<World>;
  private readonly callIds: string[] = Array.from({ length: CALL_IDS }, () => '00000000-0000-0000-0000-000000000000');
  private nextCall = 0;

  constructor(
    private readonly gateway: GatewayProcess,
    description: { readonly components: { readonly schemas: World['schemas'] } },
  ) {
    this.world = { schemas: description.components.schemas, user: 'admin', password: gateway.password, callIds: this.callIds, session: { cookie: '', token: '' } };
  }

  /** Before the first case. */
  async begin(): Promise<void> {
    await this.gateway.deploy('keeper', KEEPER);
    await this.gateway.deploy('failing', FAILING);
    await this.gateway.deploy('waiting', WAITING);
    await this.renew();
  }

  /** Sooner or later each case meets all that there was after this. */
  async renew(): Promise<void> {
    const { world } = this;
    await this.send('DELETE', `/system/namespace/${PASSING_NAMESPACE}`, { name: PASSING_NAMESPACE });
    for (const name of NAMESPACES) await this.send('POST', '/system/namespace', { name, labels: { openfaas: '1' } });
    for (const name of SECRET_NAMES) await this.send('POST', '/system/secrets', { name, value: 'v' });
    for (const service of FUNCTION_NAMES) await this.send('POST', '/system/functions', { service, image: 'any', envProcess: 'cat', labels: { 'com.openfaas.scale.max': '3' } });
    for (const service of ['failing', 'waiting', 'failing', 'keeper']) {
      const { headers } = await ask(this.gateway.url, 'POST', `/async-function/${service}`, { body: 'x' });
      this.callIds[this.nextCall++ % CALL_IDS] = headers['x-call-id'] as string;
    }
    const { headers, text } = await this.send('POST', '/ui/session', { user: world.user, password: world.password });
    const cookie = headers['set-cookie']!.map((one) => one.split(';')[0]).join('; ');
    world.session = { cookie, token: (JSON.parse(text) as { token: string }).token };
  }

  send(method: string, path: string, body?: unknown) {
    return ask(this.gateway.url, method, path, { body, headers: this.gateway.authorization() });
  }
}
