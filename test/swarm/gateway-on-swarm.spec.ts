import { GatewayProcess } from '../e2e/gateway-process';
import { describeOnEngine, WATCHDOG_IMAGE } from './describe-on-engine';

describeOnEngine('a gateway on a swarm', ({ host, network, pid }) => {
  const env = { SHOAL_PROVIDER: 'swarm', DOCKER_HOST: host, SHOAL_NETWORK: network };
  let gateway: GatewayProcess;

  const ask = (method: string, path: string, body?: unknown) =>
    fetch(gateway.url + path, { method, ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }) });
  const status = async (name: string) => (await (await ask('GET', `/system/function/${name}`)).json()) as Record<string, unknown>;
  const deploy = (service: string, rest: object = {}) => gateway.deploy(service, { image: WATCHDOG_IMAGE, envProcess: 'cat', ...rest });

  beforeAll(async () => {
    gateway = await GatewayProcess.start(env);
  });
  // Also when a test has run into its time limit while the engine was stopped: nothing else would let it go on.
  afterEach(() => void process.kill(pid, 'SIGCONT'));
  afterAll(async () => {
    const functions = (await (await ask('GET', '/system/functions')).json()) as { name: string }[];
    for (const { name } of functions) await ask('DELETE', '/system/functions', { functionName: name });
    for (const { name } of (await (await ask('GET', '/system/secrets')).json()) as { name: string }[]) await ask('DELETE', '/system/secrets', { name });
    await gateway.dispose();
  });

  it('says where it is', async () => {
    await expect((await ask('GET', '/system/info')).json()).resolves.toMatchObject({ provider: { provider: 'faas-swarm', orchestration: 'swarm' } });
    expect((await ask('GET', '/readyz')).status).toBe(200);
    expect(gateway.output).toContain('Functions run as services of a Docker Swarm.');
  });

  it('deploys, answers, scales and removes', async () => {
    await deploy('echo', { labels: { team: 'a' } });
    expect(await (await ask('POST', '/function/echo', 'hello')).text()).toBe('hello');
    await expect(status('echo')).resolves.toMatchObject({ image: WATCHDOG_IMAGE, envProcess: 'cat', labels: { team: 'a' }, replicas: 1, availableReplicas: 1 });
    await ask('POST', '/system/scale-function/echo', { replicas: 2 });
    await gateway.until(async () => (await status('echo'))['availableReplicas'] === 2);
    expect((await ask('DELETE', '/system/functions', { functionName: 'echo' })).status).toBe(202);
    expect((await ask('POST', '/function/echo', 'x')).status).toBe(404);
  });

  it('wakes a sleeping function with the first call, once for a hundred', async () => {
    await deploy('sleeper', { labels: { 'com.openfaas.scale.min': '0' } });
    const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => ask('POST', '/function/sleeper', `n${index}`).then((answer) => answer.text())));
    expect(answers).toEqual(Array.from({ length: 100 }, (_, index) => `n${index}`));
    await expect(status('sleeper')).resolves.toMatchObject({ replicas: 1 });
  });

  it('tells a caller why a function cannot answer', async () => {
    await ask('POST', '/system/functions', { service: 'ghost', image: 'shoal-test/ghost:1' });
    const answer = await ask('POST', '/function/ghost');
    expect(answer.status).toBe(503);
    expect(answer.headers.get('x-shoal-error')).toBe('not-ready');
    await expect(answer.json()).resolves.toMatchObject({ layer: 'provider', message: expect.stringContaining('No such image: shoal-test/ghost:1') });
  });

  it('tells a caller that memory has run out, and goes on', async () => {
    const program = 'let all = []; process.stdin.on("data", (text) => { if (text == "eat") for (;;) all.push(Buffer.alloc(4e6, 1)); else console.log("fine"); })';
    await deploy('eater', { envProcess: 'node -e eval(process.env.PROGRAM)', envVars: { PROGRAM: program }, limits: { memory: '128Mi' } });
    const answer = await ask('POST', '/function/eater', 'eat');
    expect([answer.status, answer.headers.get('x-shoal-error'), answer.headers.get('x-shoal-limit')]).toEqual([500, 'out-of-memory', 'memory=128Mi']);
    expect(await answer.text()).toContain('the function ran out of memory (limit 128 MiB)');
    expect(await (await ask('POST', '/function/eater', 'x')).text()).toBe('fine\n');
  });

  it('goes on calling while the engine hangs, and says so where it matters', async () => {
    await deploy('steady');
    process.kill(pid, 'SIGSTOP');
    try {
      const untilMs = Date.now() + 3_000;
      const statuses: number[] = [];
      while (Date.now() < untilMs) statuses.push((await ask('POST', '/function/steady', 'x')).status);
      expect(new Set(statuses)).toEqual(new Set([200]));
      expect((await ask('GET', '/system/function/steady')).status).toBe(200);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    expect((await ask('POST', '/system/scale-function/steady', { replicas: 2 })).status).toBe(202);
  });

  it('mounts secrets, rolls a new value out, and refuses to remove one in use', async () => {
    await ask('POST', '/system/secrets', { name: 'api-key', value: 'first' });
    await deploy('reader', { envProcess: 'cat /var/openfaas/secrets/api-key', secrets: ['api-key'] });
    const read = async () => (await ask('POST', '/function/reader')).text();
    expect(await read()).toBe('first');
    expect((await ask('PUT', '/system/secrets', { name: 'api-key', value: 'second' })).status).toBe(202);
    await gateway.until(async () => (await read()) === 'second');
    const refused = await ask('DELETE', '/system/secrets', { name: 'api-key' });
    expect([refused.status, await refused.text()]).toEqual([409, expect.stringContaining('reader')]);
    expect((await ask('POST', '/system/functions', { service: 'x', image: WATCHDOG_IMAGE, secrets: ['nope'] })).status).toBe(400);
  });

  it('shows the log of a function', async () => {
    await deploy('talker', { envProcess: 'sh -c cat>&2', envVars: { combine_output: 'false' } });
    await ask('POST', '/function/talker', 'a line of its own');
    await gateway.until(async () => (await (await ask('GET', '/system/logs?name=talker')).text()).includes('a line of its own'));
  });

  it('ends without ending functions, and knows them again when it comes back', async () => {
    await deploy('stayer');
    await gateway.stop('SIGKILL');
    await gateway.startAgain();
    await gateway.until(async () => (await status('stayer'))['availableReplicas'] === 1);
    expect(await (await ask('POST', '/function/stayer', 'still here')).text()).toBe('still here');
  });

  it('says in one sentence why it cannot start', async () => {
    await expect(GatewayProcess.start({ ...env, DOCKER_HOST: 'unix:///nowhere.sock' })).rejects.toThrow(/ended with code 1: the Docker engine cannot be reached: .*ENOENT[^\n]*\n$/);
  });
});
