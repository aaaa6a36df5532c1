import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { freePort } from '../deploy/free-port';
import { AsyncFunction } from '../e2e/async-function';
import { GatewayProcess } from '../e2e/gateway-process';
import { describePortal, NARROW, Portal, seriousFindings, WIDE } from './browser';

/** What would run, were it ever taken for markup. */
const HOSTILE = '<img src=x onerror="document.title=\'caught\'"></script><script>document.title="caught"</script>';

describePortal('the portal: one function', () => {
  let portal: Portal;
  beforeAll(async () => {
    portal = await Portal.start();
    // Its calls are its log: it writes to the error stream what it is sent.
    const folder = join(portal.gateway.home, 'bundles/talker');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'function.yml'), 'command: sh talk.sh\n');
    writeFileSync(join(folder, 'talk.sh'), 'cat >&2\n');
    await AsyncFunction.deploy(portal.gateway, 'mailer');
    await portal.gateway.deploy('talker', { labels: { 'com.openfaas.scale.max': '2' }, envVars: { combine_output: 'false', log_callid: 'true', GREETING: HOSTILE, POEM: 'one\ntwo' }, annotations: { note: 'a "quoted" note' }, limits: { memory: '64Mi' } });
  });
  afterAll(() => portal?.dispose());
  afterEach(() => expect(portal.offences.splice(0)).toEqual([]));

  const call = (name: string, body: string, id?: string) => fetch(`${portal.gateway.url}/function/${name}`, { method: 'POST', body, ...(id === undefined ? {} : { headers: { 'X-Call-Id': id } }) });
  const openTab = (name: string, tab: string, more: Parameters<Portal['open']>[0] = {}) => portal.open({ path: `#/functions/${name}.openfaas-fn/${tab}`, ...more });
  const log = (page: Page) => page.getByRole('log', { name: 'Log' });

  it('says that there were no calls, where to make one, and why it has its replicas', async () => {
    const page = await openTab('talker', 'overview');
    await page.getByRole('heading', { name: 'No calls yet' }).waitFor();
    await page.getByRole('heading', { name: 'Why 1 replica' }).waitFor();
    await page.getByText('There is one for every 45 calls a second (90 % of 50).').waitFor();
    await page.getByText(/ceil\(0 \/ \(50 × 0.9\)\) = 0/).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('main').getByRole('link', { name: 'Test it' }).click();
    await page.waitForURL(/\/test$/);
    await page.context().close();
  });

  it('charts calls, latencies and replicas, and explains what changed', async () => {
    await Promise.all(Array.from({ length: 8 }, (_, index) => call('talker', `line ${index}`)));
    await portal.api('POST', 'system/scale-function/talker', { replicas: 4 });
    const page = await openTab('talker', 'overview');
    await page.getByText('It has 4 replicas, more than its maximum of 2.').first().waitFor();
    await page.reload();
    const chart = (name: string) => page.getByRole('img', { name: new RegExp(`^${name}, chart`) });
    await page.getByText(/95 % within/).waitFor();
    expect(await chart('Latency').getAttribute('aria-label')).toMatch(/Last values: p50 [\d.]+ m?s, p95 [\d.]+ m?s, p99 [\d.]+ m?s\./);
    // The page asks once more before it knows that two have gone.
    await page.getByRole('img', { name: /^Replicas, chart .* Now: 2 ready\. Last values: ready 2, wanted 2\. Highest: 4\./ }).waitFor();
    expect(await page.getByText('4 → 2: it has 4 replicas, more than its maximum of 2').count()).toBe(1);
    // One pointer, and all charts tell of its moment.
    await chart('Replicas').hover();
    expect(await page.locator('.chart-at').count()).toBe(4);
    expect(await seriousFindings(page)).toEqual([]);
    await page.context().close();
  });

  it('draws charts in the colours of the scheme, also when that changes', async () => {
    const page = await openTab('talker', 'overview', { viewport: NARROW, colorScheme: 'dark' });
    await page.locator('canvas').last().waitFor();
    const colour = () => page.evaluate<string>(`getComputedStyle(document.documentElement).getPropertyValue('--series-2')`);
    const inDark = await colour();
    await expectSoon(() => isDrawnIn(page, inDark));
    expect(await seriousFindings(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'light' });
    const inLight = await colour();
    expect(inLight).not.toBe(inDark);
    await expectSoon(() => isDrawnIn(page, inLight));
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    await page.context().close();
  });

  it('shows log lines as text, and more as they are written', async () => {
    await call('talker', `${HOSTILE}\n`);
    const page = await openTab('talker', 'logs');
    await log(page).getByText(HOSTILE).waitFor();
    await call('talker', 'written just now\n');
    await log(page).getByText('written just now').waitFor();
    expect(await page.title()).toContain('talker');
    expect(await log(page).locator('img, script').count()).toBe(0);
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByLabel('Filter').fill('JUST NOW');
    await page.getByText(/^1 of \d+ lines$/).waitFor();
    expect(await log(page).locator('mark').textContent()).toBe('just now');
    await page.getByLabel('Filter').fill('no such line');
    await page.getByText('No line has that in it.').waitFor();
    await page.context().close();
  });

  it('shows the lines of one call, which a link may name, and of one replica', async () => {
    await call('talker', 'something\n', 'call-number-one');
    const page = await openTab('talker', 'logs?call=call-number-one');
    await log(page).getByText('call-number-one').first().waitFor();
    expect(await page.getByLabel('Call id').inputValue()).toBe('call-number-one');
    expect((await log(page).locator('.logs-text').allTextContents()).every((text) => text.includes('call-number-one'))).toBe(true);
    const replicas = await page.getByLabel('Replica').locator('option').allTextContents();
    await page.getByLabel('Call id').fill('no-such-call');
    await page.getByText(/older ones were not searched: shoal logs talker --namespace openfaas-fn --call no-such-call reads all/).waitFor();
    await page.getByLabel('Call id').fill('');
    await page.getByLabel('Replica').selectOption(replicas[1]!);
    await page.getByText(/^\d+ lines$/).waitFor();
    await page.context().close();
  });

  it('stops running on when one scrolls up, goes back to the end, wraps, copies and saves', async () => {
    const many = Array.from({ length: 400 }, (_, index) => `number ${index} ${'x'.repeat(300)}`).join('\n');
    await call('talker', `${many}\n`);
    const page = await openTab('talker', 'logs');
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await log(page).getByText('number 399 ').waitFor();
    const gapToEnd = () => log(page).evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight);
    await expectSoon(async () => (await gapToEnd()) < 5);
    // While lines come, each of which moves it to the end.
    const writing = setInterval(() => void call('talker', 'and on\n').catch(() => undefined), 40);
    try {
      await log(page).hover();
      await page.mouse.wheel(0, -3_000);
      await page.getByText('Paused').waitFor();
      await call('talker', 'below what is seen\n');
      await log(page).getByText('below what is seen').waitFor({ state: 'attached' });
      await expectSoon(async () => (await gapToEnd()) > 100);
    } finally {
      clearInterval(writing);
    }
    expect(await page.getByText('Paused').count()).toBe(1);
    await page.getByRole('button', { name: 'Jump to the end' }).click();
    await expectSoon(async () => (await gapToEnd()) < 5);
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByLabel('Wrap lines').uncheck();
    expect(await log(page).evaluate((element) => element.scrollWidth > element.clientWidth)).toBe(true);
    await page.getByLabel('Times').uncheck();
    expect(await log(page).locator('time').count()).toBe(0);
    await page.getByLabel('Filter').fill('number 7 ');
    await page.getByText(/^1 of \d+ lines$/).waitFor();
    await page.getByRole('button', { name: 'Copy log' }).click();
    await expectSoon(async () => (await page.evaluate<string>('navigator.clipboard.readText()')).includes(`number 7 ${'x'.repeat(300)}\n`));
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download log' }).click()]);
    expect(download.suggestedFilename()).toBe('talker.openfaas-fn.log');
    expect(readFileSync(await download.path(), 'utf8')).toContain('number 7 ');
    await page.context().close();
  });

  it('lists dead letters in pages, opens one, sends again and forgets', async () => {
    const failing = `?status=422&type=text/html&say=${encodeURIComponent(HOSTILE)}`;
    await Promise.all(Array.from({ length: 22 }, () => fetch(`${portal.gateway.url}/async-function/mailer${failing}`, { method: 'POST', body: 'letter' })));
    const dead = async () => ((await portal.api('GET', 'system/queue/dead?function=mailer.openfaas-fn')) as unknown[]).length;
    await portal.gateway.until(async () => (await dead()) === 22);
    const page = await openTab('mailer', 'queue');
    const rows = page.getByRole('row', { name: /answered 422/ });
    await expectSoon(async () => (await rows.count()) === 20);
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Newer' }).dblclick();
    await expectSoon(async () => (await rows.count()) === 2);
    expect(await page.getByRole('navigation', { name: 'Pages of dead letters' }).textContent()).toContain('Page 2');
    const forget = rows.first().getByRole('button', { name: /^Forget/ });
    await forget.press('Enter');
    await expectSoon(async () => (await rows.count()) === 1 && (await hasFocus(forget)));
    await rows.first().getByRole('button').first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(HOSTILE).waitFor();
    expect(await dialog.locator('img, script').count()).toBe(0);
    expect(await dialog.getByRole('row', { name: /^Request/ }).textContent()).toContain('(6 B)');
    expect(await seriousFindings(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Send again' }).click();
    await page.getByText('The call is sent again.').waitFor();
    await portal.gateway.until(async () => (await dead()) === 21);
    await page.getByRole('button', { name: 'Forget all' }).click();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect(await dead()).toBe(21);
    await page.getByRole('button', { name: 'Send all again' }).click();
    await dialog.getByRole('button', { name: 'Send again' }).click();
    await page.getByText('21 calls are sent again.').waitFor();
    await portal.gateway.until(async () => (await dead()) === 21);
    await page.getByRole('button', { name: 'Forget all' }).click();
    await dialog.getByRole('button', { name: 'Forget' }).click();
    await page.getByText('21 calls are forgotten.').waitFor();
    await page.getByText(/^None\. A call that fails/).waitFor();
    await page.context().close();
  });

  it('looks up a call by its id, and breaks off one that waits', async () => {
    const later = async (query: string) => (await fetch(`${portal.gateway.url}/async-function/mailer${query}`, { method: 'POST' })).headers.get('x-call-id')!;
    const done = await later('?say=all%20well&type=text/plain');
    const slow = await later('?ms=60000');
    const page = await openTab('mailer', `queue?call=${done}`);
    await page.getByText('all well').waitFor();
    await page.getByRole('row', { name: 'State succeeded' }).waitFor();
    expect(await page.getByRole('link', { name: 'Its lines in the log' }).getAttribute('href')).toBe(`#/functions/mailer.openfaas-fn/logs?call=${done}`);
    await page.getByLabel('Call id').fill(slow);
    await page.getByRole('button', { name: 'Look up' }).click();
    await page.getByRole('row', { name: 'State running' }).waitFor();
    await page.getByRole('button', { name: 'Cancel the call' }).click();
    await page.getByRole('row', { name: 'State cancelled' }).waitFor();
    await page.getByLabel('Call id').fill('<b>no such call');
    await page.getByRole('button', { name: 'Look up' }).click();
    await page.getByRole('alert').waitFor();
    await page.context().close();
  });

  it('tells the schedule', async () => {
    await portal.gateway.deploy('hourly', { envProcess: 'cat', annotations: { topic: 'cron-function', schedule: '0 * * * *' } });
    const page = await openTab('hourly', 'queue', { viewport: NARROW });
    await page.getByRole('row', { name: /^Next run in \d+ (s|min)/ }).waitFor();
    await page.getByRole('row', { name: 'Cron 0 * * * *' }).waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    await page.route('**/system/function/hourly?*', (one) => one.fulfill({ status: 500, body: 'out of order' }));
    await page.reload();
    await page.getByText('The schedule cannot be read: out of order.').waitFor();
    // The bar of tabs is wider than the page, and goes to the tab that is shown.
    await page.goto('/ui/#/functions/hourly.openfaas-fn/details');
    await page.getByText('The details cannot be read: out of order.').waitFor();
    const { x, width } = (await page.getByRole('link', { name: 'Details' }).boundingBox())!;
    expect(x + width).toBeLessThanOrEqual(NARROW.width);
    await page.context().close();
  });

  it('says that there is no queue where there is none, and goes on with the log when the gateway was away', async () => {
    const other = await GatewayProcess.start({ SHOAL_QUEUE: 'none', SHOAL_PORT: String(await freePort()) });
    const say = (body: string) => fetch(`${other.url}/function/echo`, { method: 'POST', body });
    try {
      await other.deploy('echo', { envProcess: 'cat' });
      await say('before');
      const page = await portal.browser.newPage({ viewport: WIDE });
      await page.goto(`${other.url}/ui/#/functions/echo.openfaas-fn/queue`);
      await page.getByRole('heading', { name: 'There is no queue here' }).waitFor();
      await page.getByRole('link', { name: 'Logs' }).click();
      await log(page).getByText('Wrote 6 Bytes').waitFor();
      await other.stop();
      await page.getByText(/^Connecting again/).waitFor();
      await other.startAgain();
      await say('longer than before');
      await log(page).getByText('Wrote 18 Bytes').waitFor();
      expect(await log(page).getByText('Wrote 6 Bytes').count()).toBe(1);
      await page.close();
    } finally {
      await other.dispose();
    }
  });

  it('shows how it was deployed and how it is called, ready to be copied', async () => {
    const page = await openTab('talker', 'details');
    await page.getByRole('row', { name: 'At most 64Mi of memory' }).waitFor();
    await page.getByRole('row', { name: `GREETING ${HOSTILE}` }).waitFor();
    await page.getByRole('row', { name: 'note a "quoted" note' }).waitFor();
    await page.getByRole('row', { name: 'Command what the image names' }).waitFor();
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Copy Queue with curl' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate<string>('navigator.clipboard.readText()')).toBe(`curl --include --data 'hello' '${portal.gateway.url}/async-function/talker.openfaas-fn'`);
    await page.getByRole('button', { name: 'Copy environment' }).click();
    await expectSoon(async () => (await page.evaluate<string>('navigator.clipboard.readText()')) .includes(`GREETING=${HOSTILE}\nPOEM="one\\ntwo"\n`));
    expect(await seriousFindings(page)).toEqual([]);
    await page.setViewportSize(NARROW);
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    await page.context().close();
  });

  it('scales and deletes by hand, once the name is typed, and takes no address for markup', async () => {
    await portal.gateway.deploy('short-lived', { envProcess: 'cat' });
    const page = await openTab('short-lived', 'overview');
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: 'Scale' }).click();
    await dialog.getByLabel('Replicas').fill('100000');
    await dialog.getByRole('button', { name: 'Scale' }).click();
    await dialog.getByRole('alert').waitFor();
    await dialog.getByLabel('Replicas').fill('0');
    await dialog.getByRole('button', { name: 'Scale' }).click();
    await page.getByRole('heading', { name: 'Why 0 replicas' }).waitFor();
    await page.getByText('asleep', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Delete' }).click();
    expect(await seriousFindings(page)).toEqual([]);
    await dialog.getByRole('textbox').fill('short');
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await dialog.getByRole('alert').waitFor();
    await dialog.getByRole('textbox').fill('short-lived');
    // Who does not wait for the answer, and goes elsewhere, stays there.
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    await page.route('**/system/functions', (one) => held.then(() => one.fulfill({ status: 202 })));
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Details' }).click();
    release();
    await page.getByText('short-lived is being deleted.').waitFor();
    expect(page.url()).toMatch(/details$/);
    await page.unroute('**/system/functions');
    await page.getByRole('button', { name: 'Delete' }).click();
    await dialog.getByRole('textbox').fill('short-lived');
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await page.waitForURL(/#\/$/);
    // One that the list does not have yet.
    await page.route('**/system/function/brand-new?*', (one) => one.fulfill({ json: {} }));
    await Promise.all([page.waitForResponse(/brand-new/), page.goto('/ui/#/functions/brand-new.openfaas-fn')]);
    expect(await page.getByRole('heading', { name: /^There is no function/ }).count()).toBe(0);
    await page.getByText('Loading…').waitFor();
    await page.goto(`/ui/#/functions/${encodeURIComponent(HOSTILE)}/logs?call=${encodeURIComponent(HOSTILE)}`);
    await page.getByRole('heading', { name: `There is no function ${HOSTILE}` }).waitFor();
    expect(await page.title()).not.toBe('caught');
    await page.context().close();
  });

  const hasFocus = (element: Locator) => element.evaluate((one) => one === one.ownerDocument.activeElement);

  /** Looks again and again, because a page does things in its own time. */
  const expectSoon = (condition: () => Promise<boolean>) => portal.gateway.until(condition);

  /** Whether the last chart has a pixel of that colour (`#rrggbb`). */
  const isDrawnIn = (page: Page, colour: string) =>
    page.evaluate<boolean>(`(() => {
      const canvas = [...document.querySelectorAll('canvas')].at(-1);
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const wanted = [1, 3, 5].map((at) => parseInt(${JSON.stringify(colour.trim())}.slice(at, at + 2), 16));
      for (let at = 0; at < data.length; at += 4) if (wanted.every((value, part) => data[at + part] === value)) return true;
      return false;
    })()`);
});
