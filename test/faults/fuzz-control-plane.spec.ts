import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { heapBytes } from '../../tools/bench/heap.mjs';
import { GatewayProcess } from '../e2e/gateway-process';
import { ownMemoryBytes } from '../processes';
import { faultRow, faultSeed, howMany } from './fault-table';
import { controlPlaneCase, FUNCTION_NAMES, NAMESPACES, SECRET_NAMES, type FuzzCase, type Operation } from './fuzz/control-plane-case';
import { Random } from './random';
import { RawConnection, type RawAnswer } from './fuzz/raw-connection';
import type { Schema } from './fuzz/schema-value';
import { KEEPER, OURS, Supply } from './fuzz/supply';
import { verdictOf } from './fuzz/verdict';

const CASES = howMany({ short: 3_000, long: 100_000 });
/** One case alone, of a run that named it. */
const ONLY_CASE = process.env['SHOAL_FAULT_CASE'];
const SENDERS = 12;
/** No answer takes longer, however busy the machine is. */
const ANSWER_MS = 20_000;
/** A caller may ask to be held back for so long. */
const LONGEST_WAIT_MS = 60_000;
const STREAM_MS = 30;
/** Of different kinds; after them it is not gone on. */
const MAX_FAILURES = 5;
/** What cases remove is made again after so many. */
const RENEW_EVERY = 100;
/** The first of them fill caches and compile code. */
const WARM_UP = CASES / 5;
const SAMPLES = 10;
/** On the heap, from the end of the warm-up to the end. */
const MAX_GROWTH_MB = howMany({ short: 12, long: 10 });
/** Served besides what the description has. */
const PAGES = ['/docs', '/docs/shoal.css', '/docs/swagger-ui.css', '/ui/', '/ui/index.html', '/ui/manifest.webmanifest', '/ui/assets/{name}', '/openapi.json', '/metrics', '/system', '/system/{name}/{name}'];

jest.setTimeout(120_000 + CASES * 60);

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}
interface DescribedOperation {
  readonly parameters?: Operation['parameters'];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<Record<string, unknown>>;
}

/** Of the control plane. Calls of functions are the data plane's. */
function operationsOf({ paths }: Description): Operation[] {
  const described = Object.entries(paths)
    .filter(([path]) => path !== '/' && !/^\/(async-)?function\/\{/.test(path))
    .flatMap(([path, item]) =>
      Object.entries(item).map(([method, { parameters = [], requestBody, responses }]) => {
        const body = requestBody && Object.values(requestBody.content)[0]!.schema;
        return { method: method.toUpperCase(), path, parameters, body, statuses: Object.keys(responses).map(Number) };
      }),
    );
  const pages = PAGES.map((path) => ({ method: 'GET', path, parameters: [], body: undefined, statuses: [200, 301, 302, 401, 404] }));
  return [...described, ...pages];
}

/** Those with a body have most to get wrong. */
function weighted(operations: readonly Operation[]): Operation[] {
  return operations.flatMap((one) => Array.from({ length: one.body ? 5 : one.parameters.length > 0 ? 2 : 1 }, () => one));
}

/** What a body that was accepted may have given a name to. */
function namesIn(body: Buffer | undefined): string[] {
  try {
    return Object.values(JSON.parse(String(body)) as object).filter((one) => typeof one === 'string');
  } catch {
    return []; // Some routes look at no body.
  }
}

const anonMb = (pid: number) => ownMemoryBytes(pid) / (1024 * 1024);
const filesIn = (folder: string) => readdirSync(folder, { recursive: true }).map(String).sort();

describe('fuzzing the control plane', () => {
  let gateway: GatewayProcess;
  let supply: Supply;
  let operations: Operation[];
  let told: number;

  beforeAll(async () => {
    gateway = await GatewayProcess.start({ basic_auth: 'true', NODE_OPTIONS: '--inspect-port=0' });
    told = gateway.output.length;
    const description = (await (await fetch(`${gateway.url}/openapi.json`, { headers: gateway.authorization() })).json()) as Description;
    operations = operationsOf(description);
    supply = new Supply(gateway, description);
    await supply.begin();
  });
  afterAll(() => gateway.dispose());

  const heapMb = async () => {
    const child = { kill: (signal: NodeJS.Signals) => gateway.signal(signal), get output() { return gateway.output; } }; // prettier-ignore
    return (await heapBytes(child)) / 2 ** 20;
  };

  it(`no answer to any of ${CASES.toLocaleString('en')} requests is wrong, late or missing, and nothing is left of them`, async () => {
    const choices = weighted(operations);
    const connections = Array.from({ length: SENDERS }, () => new RawConnection(gateway.port));
    const statuses = new Map<number, number>();
    const succeeded = new Set<string>();
    const accepted = new Set<string>([...FUNCTION_NAMES, ...SECRET_NAMES, ...NAMESPACES, ...OURS, 'openfaas-fn']);
    let slowest = { tookMs: 0, what: '' };
    const samples: { index: number; heapMb: number; rssMb: number }[] = [];
    let next = 0;
    /** By what went wrong where, so that one of a kind is told. */
    const failures = new Map<string, string>();

    const make = (index: number): FuzzCase => {
      // One case can be had again without those before it.
      const random = new Random(Math.imul(faultSeed, 0x85ebca6b) + Math.imul(index + 1, 0xc2b2ae35));
      return controlPlaneCase(random.pick(choices), supply.world, random);
    };
    const fail = (index: number, one: FuzzCase, problem: string, answer?: RawAnswer) => {
      const kind = `${problem.slice(0, 40)} ${one.operation.method} ${one.operation.path} ${answer?.status}`;
      if (failures.has(kind)) return;
      const told = [
        `${problem}: ${one.method} ${one.target.slice(0, 300)} (to repeat it alone: SHOAL_FAULT_SEED=${faultSeed} SHOAL_FAULT_CASE=${index}${CASES > 3_000 ? '' : ', with --short'})`,
        `request: ${JSON.stringify(one.request.toString('latin1').slice(0, 4_000))}`,
        `answer: ${answer ? `${answer.status} ${JSON.stringify(answer.body.toString().slice(0, 1_000))}` : 'none'}`,
        `the gateway said: ${gateway.output.slice(-1_000)}`,
      ].join('\n');
      failures.set(kind, told);
    };
    const runCase = async (index: number, connection: RawConnection) => {
      const one = make(index);
      const asker = one.guesses ? new RawConnection(gateway.port, `127.${1 + (index % 250)}.${(index >> 8) % 250}.7`) : connection;
      const options = { isHead: one.method === 'HEAD', limitMs: ANSWER_MS + (one.target.includes('wait=') ? LONGEST_WAIT_MS : 0), streamMs: STREAM_MS };
      try {
        const answer = await asker.ask(one.request, options);
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        if (answer.status === 201 || answer.status === 202) for (const name of namesIn(one.body)) accepted.add(name);
        if (answer.status < 300 && one.tidy) succeeded.add(`${one.operation.method} ${one.operation.path}`);
        if (!answer.isStream && !one.target.includes('wait=') && answer.tookMs > slowest.tookMs) slowest = { tookMs: answer.tookMs, what: `case ${index}, ${one.method} ${one.operation.path}` };
        const problem = verdictOf(one, answer, [supply.world.password]);
        if (problem !== undefined) fail(index, one, problem, answer);
      } catch (error) {
        fail(index, one, (error as Error).message);
      } finally {
        if (one.guesses) asker.end();
      }
    };
    const runUpTo = async (end: number) => {
      await Promise.all(
        connections.map(async (connection) => {
          while (next < end && failures.size < MAX_FAILURES) await runCase(next++, connection);
        }),
      );
    };

    if (ONLY_CASE !== undefined) {
      await runCase(Number(ONLY_CASE), connections[0]!);
    } else {
      const sampleEvery = (CASES - WARM_UP) / SAMPLES;
      for (let end = RENEW_EVERY; next < CASES && failures.size < MAX_FAILURES; end += RENEW_EVERY) {
        await runUpTo(Math.min(end, CASES));
        await supply.renew();
        if (next >= WARM_UP + samples.length * sampleEvery) samples.push({ index: next, heapMb: await heapMb(), rssMb: anonMb(gateway.pid) });
      }
    }
    for (const connection of connections) connection.end();
    if (failures.size > 0) throw new Error([...failures.values()].join('\n\n'));
    if (ONLY_CASE !== undefined) return;

    // Each operation was asked something that it could do, or the cases are too wild to reach anything.
    const described = operations.filter(({ path }) => !PAGES.includes(path)).map(({ method, path }) => `${method} ${path}`);
    expect(described.filter((route) => !succeeded.has(route))).toEqual([]);
    const [first, last] = [samples[0]!, samples.at(-1)!];
    expect(last.heapMb - first.heapMb).toBeLessThan(MAX_GROWTH_MB);
    // Whatever went wrong inside, it would have been told.
    const said = gateway.output.slice(told).split('\n').filter((line) => line !== '' && !/^(scaling |Debugger |For help, see|.* cannot be applied|.* reserve nothing on this machine|.* are not looked at)/.test(line));
    expect(said).toEqual([]);
    await nothingIsLeft(accepted);
    faultRow({
      area: 'fuzzing',
      done: `every route of /openapi.json that is no call, and the pages: bodies made of its schemas and spoilt, queries, path parameters, headers, credentials; seed ${faultSeed}`,
      times: `${CASES.toLocaleString('en')} requests to ${operations.length} operations`,
      lost: 'nothing',
      seen: `${[...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${count} × ${status}`).join(', ')}; slowest answer ${Math.round(slowest.tookMs)} ms (${slowest.what}); heap ${first.heapMb.toFixed(1)} to ${last.heapMb.toFixed(1)} MB, resident ${first.rssMb.toFixed(0)} to ${last.rssMb.toFixed(0)} MB after the warm-up (${((last.heapMb - first.heapMb) / ((last.index - first.index) / 1_000) * 1_024).toFixed(1)} kB of heap a thousand)`,
    });
  });

  /** Names that were never accepted are not there; what is removed leaves no file; who was not named is unharmed. */
  async function nothingIsLeft(accepted: ReadonlySet<string>): Promise<void> {
    const list = async (path: string) => JSON.parse((await supply.send('GET', path)).text) as { readonly name: string }[];
    const namespaces = JSON.parse((await supply.send('GET', '/system/namespaces')).text) as string[];
    expect(namespaces.filter((name) => !accepted.has(name))).toEqual([]);
    for (const namespace of namespaces) {
      for (const { name } of await list(`/system/functions?namespace=${namespace}`)) {
        if (OURS.includes(name)) continue;
        expect(accepted).toContain(name);
        expect((await supply.send('DELETE', '/system/functions', { functionName: name, namespace })).status).toBe(202);
      }
      for (const { name } of await list(`/system/secrets?namespace=${namespace}`)) {
        expect(accepted).toContain(name);
        await gateway.until(async () => (await supply.send('DELETE', '/system/secrets', { name, namespace })).status === 202);
      }
      if (namespace !== 'openfaas-fn') await gateway.until(async () => (await supply.send('DELETE', `/system/namespace/${namespace}`, { name: namespace })).status === 202);
    }
    expect((await list('/system/functions')).map(({ name }) => name)).toEqual(OURS);
    expect(JSON.parse((await supply.send('GET', '/system/function/keeper')).text)).toMatchObject({ envProcess: KEEPER.envProcess, labels: KEEPER.labels });
    expect(await (await fetch(`${gateway.url}/function/keeper`, { method: 'POST', body: 'still here' })).text()).toBe('still here');
    await gateway.deploy('afterwards', { envProcess: 'cat' });
    expect(await (await fetch(`${gateway.url}/function/afterwards`, { method: 'POST', body: 'as before' })).text()).toBe('as before');
    const names = ['afterwards', ...OURS];
    expect(filesIn(join(gateway.home, 'functions'))).toEqual(['openfaas-fn', ...names.map((name) => `openfaas-fn/${name}.json`)]);
    expect(filesIn(join(gateway.home, 'secrets'))).toEqual([]);
    await gateway.until(() => readdirSync(join(gateway.home, 'run')).length <= names.length);
    expect(readdirSync(join(gateway.home, 'run')).sort()).toEqual(names.map((name) => `${name}.openfaas-fn`));
  }
});
