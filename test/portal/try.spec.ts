import { rmSync } from 'node:fs';
import type { BrowserContext, Page, Route } from 'playwright-core';
import { webBundle } from '../e2e/web-bundle';
import { describePortal, NARROW, Portal, seriousFindings } from './browser';

/** What must never run: it would leave its mark in every window that it reaches, and make itself heard. */
const ATTACK = `for(const w of [window,parent,top])try{w.wasAttacked=true}catch{};try{top.location='/function/web/landed'}catch{};alert('attack')`;
const HOSTILE_HTML = `<script>${ATTACK}</script><img src=x onerror="${ATTACK}"><meta http-equiv=refresh content="0;url=/function/web/landed"><form action=/function/web/landed id=f></form><h1>Harmless words</h1><iframe src="javascript:${ATTACK}"></iframe><link rel=stylesheet href=/function/web/landed>`;
const HOSTILE_SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="80" height="80" onload="${ATTACK}"><script>${ATTACK}</script><circle cx="40" cy="40" r="30"/><image href="/function/web/landed" width="9" height="9"/></svg>`;
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';

const answers = (type: string, body: string) => `(req, res) => res.setHeader('Content-Type', ${JSON.stringify(type)}).end(${JSON.stringify(body)})`;

const ROUTES = {
  '/html': answers('text/html', HOSTILE_HTML),
  '/svg': answers('image/svg+xml', HOSTILE_SVG),
  '/json-html': answers('application/json', `{${JSON.stringify(`<img src=x onerror="${ATTACK}">`)}:${JSON.stringify(`</script><script>${ATTACK}</script>`)},"n":12345678901234567890}`),
  '/odd-type': `(req, res) => res.setHeader('Content-Type', '<script>${ATTACK.replaceAll("'", '"')}</script>').setHeader('X-Html', '<img src=x onerror=alert(1)>').end('x')`,
  '/png': `(req, res) => res.setHeader('Content-Type', 'image/png').end(Buffer.from('${PNG}', 'base64'))`,
  '/bytes': `(req, res) => res.setHeader('Content-Type', 'application/x-thing').setHeader('Content-Disposition', 'attachment; filename="../../x y.bin"').end(Buffer.from([0, 1, 2, 250, 83, 104, 111, 97, 108]))`,
  '/count': `(req, res) => { let n = 0; req.on('data', (chunk) => (n += chunk.length)).on('end', () => res.end(n + ' bytes of ' + req.headers['content-type'])); }`,
  '/moved': `(req, res) => res.writeHead(307, { Location: '/function/web/landed' }).end()`,
  '/fail': `(req, res) => res.writeHead(500).end('something broke')`,
  '/reason': `(req, res) => { res.statusMessage = '200 OK'; res.writeHead(500).end(); }`,
  '/never': `() => undefined`,
  '/drip': `(req, res) => void res.write('first drop')`,
  '/long': `(req, res) => res.end(('x'.repeat(99) + '\\n').repeat(10_000))`,
  '/endless': `(req, res) => { const chunk = 'y'.repeat(1_000_000); const more = () => { while (res.write(chunk)); res.once('drain', more); }; more(); }`,
  '/second-time': `(() => { const seen = new Set(); return (req, res) => { const id = req.headers['x-call-id']; const again = seen.has(id); seen.add(id); res.writeHead(again ? 200 : 503, { 'Content-Type': 'application/json' }).end(JSON.stringify({ again })); }; })()`,
  '/landed': `(req, res) => { globalThis.landed = (globalThis.landed ?? 0) + 1; res.end('landed'); }`,
  '/how-often-landed': `(req, res) => res.end('landed ' + (globalThis.landed ?? 0))`,
};

describePortal('the portal: testing a function', () => {
  let portal: Portal;
  /** Of a browser session that all specs share, for the time that it saves. */
  let context: BrowserContext;
  /** Of its own for each spec: what was typed and tried before is not there. */
  let page: Page;
  const bundle = webBundle(ROUTES);
  const dialogs: string[] = [];

  beforeAll(async () => {
    portal = await Portal.start({ upstream_timeout: '2s', write_timeout: '3s', read_timeout: '3s' });
    await portal.gateway.deploy('web', { image: bundle, labels: { 'com.openfaas.ui.ext': 'dat' }, annotations: { 'com.openfaas.retry.min_wait': '10ms', 'com.openfaas.retry.attempts': '1' } });
    context = (await portal.open()).context();
    context.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
  });
  beforeEach(async () => {
    page = await portal.openIn(context, '#/functions/web.openfaas-fn/test');
    await page.getByRole('button', { name: 'Send', exact: true }).waitFor();
  });
  afterAll(async () => {
    await portal?.dispose();
    rmSync(bundle, { recursive: true });
  });
  afterEach(async () => {
    await page.close();
    expect(portal.offences.splice(0)).toEqual([]);
  });

  const outcome = () => page.getByRole('region', { name: 'Answer' });
  const answered = (text: string | RegExp) => outcome().getByText(text).first().waitFor();
  const bodyText = () => outcome().getByRole('region', { name: 'Text of the body' });
  const path = (text: string) => page.getByLabel('Path and query').fill(text);
  const send = () => page.getByRole('button', { name: 'Send', exact: true }).click();
  const method = (name: string) => page.getByLabel('Method').selectOption(name);
  const choose = (name: string, within = page.getByRole('form', { name: 'Call' })) => within.getByRole('radio', { name, exact: true }).check({ force: true });
  const focused = () => page.evaluate<string>('document.activeElement.textContent.trim()');
  /** What the function was asked, of an answer of `echo`. */
  const echoed = async () => JSON.parse((await bodyText().textContent())!) as { method: string; url: string; headers: Record<string, string>; body: string };
  const call = async (to: string, shows: string | RegExp) => {
    await path(to);
    await send();
    await answered(shows);
  };
  /** Opens the part of the form that rows are in. */
  const unfold = async (title: RegExp) => {
    const summary = page.locator('form summary').filter({ hasText: title });
    if (!(await summary.evaluate((element) => (element.parentElement as unknown as { open: boolean }).open))) await summary.click();
  };

  it('sends what was filled in, and nothing of the session', async () => {
    await unfold(/^Query/);
    await unfold(/^Headers/);
    await path('/deep/er?a=1');
    await page.getByLabel('Parameter 2: name').fill('näme');
    await page.getByLabel('Parameter 2: value').fill('a&b');
    expect(await page.getByLabel('Path and query').inputValue()).toBe('/deep/er?a=1&n%C3%A4me=a%26b');
    await page.getByRole('button', { name: 'Remove parameter 1' }).click();
    await page.getByLabel('Header 1: name').fill('X-Own');
    await page.getByLabel('Header 1: value').fill('mine');
    await page.getByLabel('Header 2: name').fill('Cookie');
    await page.getByLabel('Header 2: value').fill('a=b');
    await page.getByText('it is left out here').waitFor();
    await page.getByRole('textbox', { name: 'Body' }).fill('hello');
    const [request] = await Promise.all([page.waitForRequest(/\/function\//), page.keyboard.press('Control+Enter')]);
    await answered('200 OK');
    expect(Object.keys(await request.allHeaders())).not.toContain('cookie');
    const { headers, ...asked } = await echoed();
    expect(asked).toEqual({ method: 'POST', url: '/deep/er?n%C3%A4me=a%26b', body: 'hello' });
    expect(headers).toMatchObject({ 'x-own': 'mine', 'content-type': 'text/plain; charset=utf-8' });
    for (const name of ['cookie', 'authorization', 'x-shoal-session']) expect(headers).not.toHaveProperty(name);
    for (const part of ['queue', 'wake', 'exec', 'gateway', 'network']) expect(await outcome().locator('.time-bar-legend').textContent()).toContain(part);
    expect(await outcome().getByRole('link', { name: 'Its log lines' }).getAttribute('href')).toBe(`#/functions/web.openfaas-fn/logs?call=${headers['x-call-id']}`);
    expect(await seriousFindings(page)).toEqual([]);
  });

  it('says what cannot be sent, and does not send it', async () => {
    await path('/../../system/functions');
    await send();
    await page.getByRole('alert').getByText('The path leads out of the function').waitFor();
    await path('/');
    await unfold(/^Headers/);
    await page.getByLabel('Header 1: name').fill('X-Own');
    await page.getByLabel('Header 2: name').fill('X Y');
    await page.getByText('A name has letters').waitFor();
    await page.getByLabel('Header 2: name').fill('X-Y');
    await page.getByLabel('Header 2: value').fill('5 €');
    await page.getByText('A value cannot have “€”').waitFor();
    await send();
    await page.getByRole('alert').getByText('A header cannot be sent').waitFor();
    await page.getByRole('button', { name: 'Remove header 2' }).click();
    await page.getByRole('alert').waitFor({ state: 'detached' });
  });

  it('checks JSON while it is typed, and formats it', async () => {
    await choose('JSON');
    await page.getByRole('textbox', { name: 'Body' }).fill('{\n "a": 1,\n "b" 2}');
    await page.getByText('Line 3, column 6: a colon is expected, not 2.').waitFor();
    expect(await page.getByRole('button', { name: 'Format' }).isDisabled()).toBe(true);
    await page.getByRole('textbox', { name: 'Body' }).fill('{"b":12345678901234567890}');
    await page.getByRole('button', { name: 'Format' }).click();
    await call('/echo', '200 OK');
    expect(await echoed()).toMatchObject({ body: '{\n  "b": 12345678901234567890\n}', headers: { 'content-type': 'application/json' } });
    expect(await page.locator('.json-editor .number').textContent()).toBe('12345678901234567890');
  });

  it('sends the bytes of a file', async () => {
    await choose('File');
    await page.getByLabel('File to send').setInputFiles({ name: 'thing.png', mimeType: 'image/png', buffer: Buffer.alloc(70_000, 255) });
    await page.getByText('thing.png, 70 kB').waitFor();
    await call('/count', '70000 bytes of image/png');
  });

  it('shows pictures, bytes, long texts and answers without a body, and saves them', async () => {
    await method('GET');
    await call('/png', 'image/png');
    expect(await outcome().getByRole('img').evaluate((image) => (image as unknown as { naturalWidth: number; src: string }).src)).toMatch(/^blob:/);
    await call('/bytes', /^000000 {2}00 01 02 fa 53/);
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as' }).click()]);
    expect(download.suggestedFilename()).toBe('x y.bin');
    await call('/long', '1 MB');
    await page.getByRole('button', { name: 'Show the other' }).click();
    expect((await bodyText().textContent())!.length).toBe(500_000);
    await answered('The first 500 kB of 1 MB');
    await page.getByRole('button', { name: 'Save as web.dat' }).waitFor();
    await method('HEAD');
    await call('/echo', 'The answer has no body.');
    await method('GET');
    await call('/endless', 'Only the first 16 MB were read.');
  });

  it('runs nothing of what a function answers', async () => {
    await call('/html', 'text/html');
    expect(await bodyText().textContent()).toBe(HOSTILE_HTML);
    await choose('Preview', outcome());
    expect(await page.locator('iframe').getAttribute('sandbox')).toBe('');
    expect(await page.locator('iframe').getAttribute('srcdoc')).toMatch(/^<!doctype html><meta http-equiv="Content-Security-Policy" content="default-src 'none';/);
    await page.frameLocator('iframe[title="Preview of the body"]').getByRole('heading', { name: 'Harmless words' }).waitFor();
    // Whatever the preview began has had its time once the function has been asked again.
    expect(await page.evaluate(`fetch('/function/web/how-often-landed').then((answer) => answer.text())`)).toBe('landed 0');
    const frames = page.frames().map((frame) => frame.url() || 'about:blank');
    await call('/svg', 'image/svg+xml');
    await page.waitForFunction(`document.querySelector('.answer-picture img')?.complete`);
    expect(await outcome().getByRole('img').getAttribute('src')).toMatch(/^data:/);
    await call('/json-html', 'application/json');
    expect(await bodyText().textContent()).toContain('12345678901234567890');
    await call('/odd-type', '200 OK');
    await outcome().getByText('Headers').click();
    await answered('<img src=x onerror=alert(1)>');
    await call('/reason', /^500 200 OK$/);
    await call('/how-often-landed', 'landed 0');
    expect({ dialogs, url: page.url(), frames, attacked: await page.evaluate(`'wasAttacked' in window`) }).toEqual({
      dialogs: [],
      url: expect.stringMatching(/\/ui\/#\/functions\/web\.openfaas-fn\/test$/),
      frames: [page.url(), 'about:srcdoc', 'about:blank'],
      attacked: false,
    });
    // Stopped by the page's policy, as they have to be.
    const stopped = portal.offences.splice(0);
    expect(stopped.filter((text) => !/Content Security Policy/.test(text))).toEqual([]);
  });

  it('tells failures of the function from ours, and explains those', async () => {
    await call('/fail', '500 Internal Server Error');
    expect(await bodyText().textContent()).toBe('something broke');
    expect(await outcome().getByRole('alert').count()).toBe(0);
    await call('/never', '504 Gateway Timeout');
    const said = await outcome().getByRole('alert').textContent();
    expect(said).toMatch(/The gateway answered, not the function\..*Limit: 2 s, given up after 2(\.\d)? s.*upstream_timeout.*upstream-timeout/);
    await call('/moved', 'The function answered with a redirect.');
  });

  it('breaks off a call, and shows what had come', async () => {
    await path('/drip');
    await send();
    await answered(/Receiving, 10 B so far/);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await answered('Cancelled while the answer was coming.');
    expect(await bodyText().textContent()).toBe('first drop');
    await path('/never');
    await send();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await answered('Cancelled before an answer came.');
    expect(await focused()).toBe('Send');
  });

  it('keeps the focus of who uses the keyboard, and tells above a dialog what went wrong', async () => {
    await path('/never');
    await page.getByRole('button', { name: 'Send', exact: true }).press('Enter');
    await answered(/^Waiting for the answer/);
    expect(await focused()).toBe('Send');
    // Not another time, neither by the button nor by Enter in a field.
    await page.keyboard.press('Enter');
    await page.getByLabel('Path and query').press('Enter');
    await page.getByRole('button', { name: 'Cancel' }).press('Enter');
    await answered('Cancelled before an answer came.');
    const tries = page.getByRole('region', { name: 'Tries before' });
    expect(await tries.getByRole('listitem').count()).toBe(1);
    await page.getByRole('button', { name: 'Clear' }).press('Enter');
    expect(await focused()).toBe('Tries');

    await page.getByRole('button', { name: 'Scale' }).click();
    const dialog = page.getByRole('dialog', { name: 'Scale web' });
    const held: Route[] = [];
    await page.route(/system\/scale-function/, (request) => void held.push(request));
    await dialog.getByLabel('Replicas').press('Enter');
    await dialog.locator('[aria-busy="true"]').waitFor();
    await dialog.getByLabel('Replicas').press('Enter');
    await dialog.getByRole('button', { name: 'Scale' }).press('Enter');
    expect(await focused()).toBe('Scale');
    await held[0]!.abort();
    await dialog.getByRole('alert').waitFor();
    expect(held.length).toBe(1);

    await page.evaluate(`void Promise.reject(new Error('the sky has fallen'))`);
    await dialog.getByText('That did not work: the sky has fallen.').waitFor();
    await dialog.getByRole('button', { name: 'Close message' }).click();
    await page.evaluate(`void Promise.reject(new Error('all is dark'))`);
    await dialog.getByText('all is dark').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Close message' }).click();
    portal.offences.splice(0);
  });

  it('follows a call that is queued, through its attempts, to its answer', async () => {
    await choose('Queue it');
    await call('/second-time', 'The call succeeded.');
    await answered('2 attempts');
    expect(JSON.parse((await bodyText().textContent())!)).toEqual({ again: true });
    await unfold(/^Headers/);
    await page.getByLabel('Header 1: name').fill('X-Call-Id');
    await page.getByLabel('Header 1: value').fill('own-id');
    await call('/own', 'The call succeeded.');
    expect((await echoed()).headers).toMatchObject({ 'x-call-id': 'own-id' });
    await page.getByRole('button', { name: 'Remove header 1' }).click();
    await call('/fail', 'The call failed for good.');
    expect(await outcome().getByText('It is kept as a dead letter').count()).toBe(1);
    await path('/never');
    await send();
    await answered('The call runs.');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await answered('The call was cancelled.');
  });

  it('keeps what was tried, fills it in again, and writes it as a curl command', async () => {
    await method('PUT');
    await page.getByRole('textbox', { name: 'Body' }).fill("it's\nhere");
    await unfold(/^Headers/);
    await page.getByLabel('Header 1: name').fill('Authorization');
    await page.getByLabel('Header 1: value').fill('Bearer secret');
    await call('/kept?x=1', '200 OK');
    await unfold(/curl/);
    expect(await page.getByRole('region', { name: 'curl command' }).textContent()).toBe(
      `curl -i -X PUT '${portal.gateway.url}/function/web.openfaas-fn/kept?x=1' \\\n  -H 'Authorization: Bearer secret' \\\n  -H 'Content-Type: text/plain; charset=utf-8' \\\n  --data-raw 'it'\\''s\nhere'`,
    );
    await page.reload();
    const tries = page.getByRole('region', { name: 'Tries before' }).getByRole('listitem');
    await tries.first().waitFor();
    expect(await tries.count()).toBeLessThanOrEqual(20);
    await tries.first().getByRole('button').click();
    expect(await page.getByLabel('Path and query').inputValue()).toBe('/kept?x=1');
    expect(await page.getByRole('textbox', { name: 'Body' }).inputValue()).toBe("it's\nhere");
    expect(await page.getByLabel('Header 1: value').inputValue()).toBe('');
    await page.getByText('values of headers that are secret').waitFor();
    expect(await page.evaluate(`JSON.stringify(sessionStorage)`)).not.toContain('Bearer secret');
    await page.getByRole('button', { name: 'Clear' }).click();
    await tries.first().waitFor({ state: 'detached' });
    expect(await page.evaluate('sessionStorage.length')).toBe(0);
  });

  it('is there on a narrow and dark page, too', async () => {
    const narrow = await portal.open({ path: '#/functions/web.openfaas-fn/test', viewport: NARROW, colorScheme: 'dark' });
    await narrow.getByRole('button', { name: 'Send', exact: true }).click();
    await narrow.getByText('200 OK', { exact: true }).waitFor();
    expect(await narrow.evaluate('document.documentElement.scrollWidth')).toBe(NARROW.width);
    expect(await seriousFindings(narrow)).toEqual([]);
    await narrow.context().close();
  });
});
