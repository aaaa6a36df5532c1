import { ask, type Question } from './ask';
import { GatewayProcess } from './gateway-process';

describe('/system/functions', () => {
  let gateway: GatewayProcess;
  const send = (method: string, path: string, question?: Question) => ask(gateway.url, method, path, question);
  const body = async (path: string) => JSON.parse((await send('GET', path)).text);
  const deploy = (service: string, more: object = {}, query = '') =>
    send('POST', `/system/functions${query}`, { body: { service, image: 'any', envProcess: 'cat', ...more } });

  beforeAll(async () => {
    gateway = await GatewayProcess.start();
    await send('POST', '/system/namespace/', { body: { name: 'other', labels: { openfaas: '1' } } });
  });
  afterAll(() => gateway.dispose());

  it('GET answers an empty list as [] in JSON', async () => {
    const { status, text, headers } = await send('GET', '/system/functions?namespace=other');
    expect({ status, text }).toEqual({ status: 200, text: '[]' });
    expect(headers['content-type']).toMatch(/^application\/json/);
  });

  it('POST answers 202 with no body, and again for a function that exists', async () => {
    for (let i = 0; i < 2; i++) expect(await deploy('twice')).toMatchObject({ status: 202, text: '' });
  });

  it('GET leaves out what was not given, but never labels and annotations', async () => {
    await deploy('bare', { labels: null, annotations: null, envVars: null, limits: null, requests: {}, secrets: [], namespace: '' });
    const [listed] = (await body('/system/functions')).filter((one: { name: string }) => one.name === 'bare');
    expect(listed).toEqual({
      name: 'bare',
      image: 'any',
      namespace: 'openfaas-fn',
      envProcess: 'cat',
      labels: { faas_function: 'bare' },
      annotations: {},
      invocationCount: 0,
      replicas: 1,
      availableReplicas: expect.any(Number),
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/),
    });
    expect(Date.now() - Date.parse(listed.createdAt)).toBeLessThan(60_000);
  });

  it('GET gives back verbatim what was deployed', async () => {
    const given = {
      envVars: { A: 'ä=1', 'b.c': '' },
      constraints: ['node.role == worker'],
      labels: { 'com.example/team': 'x', 'com.openfaas.scale.max': '3' },
      annotations: { note: 'two\nlines' },
      limits: { memory: '512Mi', cpu: '100m' },
      requests: { memory: '1.5g' },
      readOnlyRootFilesystem: true,
    };
    expect(await deploy('full', given)).toMatchObject({ status: 202 });
    expect(await body('/system/function/full')).toMatchObject({ ...given, labels: { ...given.labels, faas_function: 'full' } });
  });

  it('PUT replaces everything, and keeps when it was created', async () => {
    await deploy('replaced', { envVars: { OLD: '1' }, labels: { old: '1' }, annotations: { old: '1' }, limits: { memory: '1g' } });
    const { createdAt } = await body('/system/function/replaced');
    expect(await send('PUT', '/system/functions', { body: { service: 'replaced', image: 'new', envProcess: 'wc' } })).toMatchObject({ status: 202, text: '' });
    const now = await body('/system/function/replaced');
    expect(now).toMatchObject({ image: 'new', envProcess: 'wc', labels: { faas_function: 'replaced' }, annotations: {}, createdAt });
    expect(Object.keys(now)).not.toEqual(expect.arrayContaining(['envVars']));
    expect(Object.keys(now)).not.toEqual(expect.arrayContaining(['limits']));
  });

  it.each([
    ['PUT of a missing function', 'PUT', '/system/functions', { service: 'missing', image: 'any', envProcess: 'cat' }, 404],
    ['PUT of one in another namespace', 'PUT', '/system/functions?namespace=other', { service: 'bare', image: 'any', envProcess: 'cat' }, 404],
    ['GET of a missing function', 'GET', '/system/function/missing', undefined, 404],
    ['GET of one in another namespace', 'GET', '/system/function/bare?namespace=other', undefined, 404],
    ['DELETE of a missing function', 'DELETE', '/system/functions', { functionName: 'missing' }, 404],
    ['scaling of a missing function', 'POST', '/system/scale-function/missing', { replicas: 1 }, 404],
    ['POST into a missing namespace', 'POST', '/system/functions', { service: 'bare', image: 'any', envProcess: 'cat', namespace: 'missing' }, 400],
    ['POST with a missing secret', 'POST', '/system/functions', { service: 'bare', image: 'any', envProcess: 'cat', secrets: ['missing'] }, 400],
    ['POST of what cannot run here', 'POST', '/system/functions', { service: 'bare', image: 'docker.io/library/busybox:1' }, 400],
    ['POST with two namespaces', 'POST', '/system/functions?namespace=other', { service: 'bare', image: 'any', envProcess: 'cat', namespace: 'openfaas-fn' }, 400],
  ])('%s is refused, and changes nothing', async (_case, method, path, question, status) => {
    // What other tests have changed may still be under way: replicas come and go meanwhile.
    const functions = async () => (await body('/system/functions')).map(({ availableReplicas: _, ...rest }: Record<string, unknown>) => rest);
    await gateway.until(async () => !JSON.stringify(await functions()).includes('"updating":true'));
    const before = await functions();
    const answer = await send(method, path, { body: question });
    expect(answer.status).toBe(status);
    expect(answer.text).toMatch(/missing|bare|image|namespace/);
    expect(await functions()).toEqual(before);
  });

  it.each([
    ['query', '?namespace=other', {}],
    ['body', '', { namespace: 'other' }],
    ['query and body', '?namespace=other', { namespace: 'other' }],
    ['the last of several', '?namespace=openfaas-fn&namespace=other', {}],
  ])('takes the namespace of every write from the %s', async (_where, query, inBody) => {
    const spec = { service: 'moved', image: 'any', envProcess: 'cat', ...inBody };
    expect((await send('POST', `/system/functions${query}`, { body: spec })).status).toBe(202);
    expect(await body('/system/function/moved?namespace=other')).toMatchObject({ name: 'moved', namespace: 'other' });
    expect((await send('GET', '/system/function/moved')).status).toBe(404);
    expect((await send('PUT', `/system/functions${query}`, { body: spec })).status).toBe(202);
    expect((await send('POST', `/system/scale-function/moved${query}`, { body: { replicas: 2, ...inBody } })).status).toBe(202);
    expect(await body('/system/function/moved?namespace=other')).toMatchObject({ replicas: 2 });
    expect(await send('DELETE', `/system/functions${query}`, { body: { functionName: 'moved', ...inBody } })).toMatchObject({ status: 202, text: '' });
    expect(await body('/system/functions?namespace=other')).toEqual([]);
  });

  it('scale-function shows at once, goes to zero, and a call wakes the function', async () => {
    await deploy('scaled');
    for (const replicas of [3, 0, 2, 0]) {
      expect(await send('POST', '/system/scale-function/scaled', { body: { serviceName: 'scaled', replicas } })).toMatchObject({ status: 202, text: '' });
      expect(await body('/system/function/scaled')).toMatchObject({ replicas });
    }
    expect(await body('/system/function/scaled')).toMatchObject({ replicas: 0, availableReplicas: 0 });
    expect(await send('POST', '/function/scaled', { body: 'awake' })).toMatchObject({ status: 200, text: 'awake' });
    expect(await body('/system/function/scaled')).toMatchObject({ replicas: 1, availableReplicas: 1 });
  });

  it('scale-function goes by the name in the path', async () => {
    await deploy('in-path');
    await deploy('in-body');
    await send('POST', '/system/scale-function/in-path', { body: { serviceName: 'in-body', replicas: 4 } });
    expect(await body('/system/function/in-path')).toMatchObject({ replicas: 4 });
    expect(await body('/system/function/in-body')).toMatchObject({ replicas: 1 });
  });

  it('deploys with com.openfaas.scale.min replicas', async () => {
    await deploy('minimum', { labels: { 'com.openfaas.scale.min': '3' } });
    expect(await body('/system/function/minimum')).toMatchObject({ replicas: 3 });
  });

  it('invocationCount counts calls, whatever they answer', async () => {
    await gateway.deploy('counted', { envProcess: 'cat' });
    await gateway.deploy('failing', { envProcess: 'false' });
    for (let i = 0; i < 3; i++) await send('POST', '/function/counted', { body: 'x' });
    expect(await send('POST', '/function/failing')).toMatchObject({ status: 500 });
    expect(await body('/system/function/counted')).toMatchObject({ invocationCount: 3 });
    const list = await body('/system/functions');
    expect(list.find((one: { name: string }) => one.name === 'counted')).toMatchObject({ invocationCount: 3 });
    expect(list.find((one: { name: string }) => one.name === 'failing')).toMatchObject({ invocationCount: 1 });
  });

  it('a deleted function is gone for calls too', async () => {
    await gateway.deploy('deleted', { envProcess: 'cat' });
    expect((await send('POST', '/function/deleted')).status).toBe(200);
    await send('DELETE', '/system/functions', { body: { functionName: 'deleted' } });
    expect((await send('POST', '/function/deleted')).status).toBe(404);
    expect((await send('GET', '/system/function/deleted')).status).toBe(404);
  });

  it('takes many deploys of one function at a time, and ends with one of them', async () => {
    const images = Array.from({ length: 20 }, (_, i) => `image-${i}`);
    const answers = await Promise.all(images.map((image) => deploy('contended', { image })));
    expect(answers.map(({ status }) => status)).toEqual(images.map(() => 202));
    expect(images).toContain((await body('/system/function/contended')).image);
    expect(await send('POST', '/function/contended', { body: 'x' })).toMatchObject({ status: 200, text: 'x' });
  });
});

describe('/system/info', () => {
  it('GET names provider, orchestration and versions', async () => {
    const gateway = await GatewayProcess.start();
    const { status, text } = await ask(gateway.url, 'GET', '/system/info');
    await gateway.dispose();
    const version = { sha: expect.stringMatching(/./), release: expect.stringMatching(/^\d+\.\d+\.\d+/) };
    expect(status).toBe(200);
    expect(JSON.parse(text)).toEqual({
      provider: { provider: expect.stringMatching(/./), orchestration: expect.stringMatching(/./), version },
      version,
      arch: expect.stringMatching(/^(amd64|arm64|arm|386|\w+)$/),
    });
  });
});

describe('/system/alert', () => {
  let gateway: GatewayProcess;
  beforeAll(async () => (gateway = await GatewayProcess.start()));
  afterAll(() => gateway.dispose());

  const alert = { status: 'firing', labels: { alertname: 'APIHighInvocationRate', function_name: 'echo.openfaas-fn' }, annotations: {}, startsAt: '2026-01-01T00:00:00Z' };
  it.each([
    ['a whole notification', { version: '4', receiver: 'scale-up', status: 'firing', alerts: [alert], groupLabels: {}, externalURL: '' }, 200],
    ['no alerts', { alerts: [] }, 200],
    ['alerts missing', { status: 'firing' }, 400],
    ['alerts no list', { alerts: {} }, 400],
    ['an alert that is null', { alerts: [null] }, 400],
    ['an alert that is a text', { alerts: ['x'] }, 400],
    ['an alert without labels', { alerts: [{ status: 'firing' }] }, 400],
    ['labels that are no texts', { alerts: [{ status: 'firing', labels: { function_name: 1 } }] }, 400],
    ['a status that is no text', { alerts: [{ status: true, labels: {} }] }, 400],
  ])('POST answers %s', async (_case, body, status) => {
    const answer = await ask(gateway.url, 'POST', '/system/alert', { body });
    expect(answer.status).toBe(status);
    expect(answer.text).toMatch(status === 200 ? /^$/ : /alerts/);
  });
});
