import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { faultRow } from '../faults/fault-table';
import { describePortal, Portal } from './browser';

jest.setTimeout(120_000);

/** What it would do where a text is taken for markup, for a script, or for a template: plant an element, tell, and take the page away. */
const TELL = 'self.wasAttacked=1;alert(1)';
/** Without white space, since not every field takes it. */
const payload = (where: string) => `${where}"'><x-planted></x-planted><img/src=x/onerror=${TELL}><svg/onload=${TELL}></title></textarea></style><script>${TELL}</script>\${${TELL}}{{${TELL}}}javascript:${TELL}`;
/** What of a payload is shown, also where the rest is cut off. */
const seenAs = (where: string) => `${where}"'><x-planted>`;

const TABS = ['', '/test', '/logs', '/queue', '/details', '/edit'];

describePortal('the portal: texts that a function or a caller chose', () => {
  let portal: Portal;
  /** One for all, for the time that it saves. */
  let page: Page;
  const dialogs: string[] = [];
  let visited = 0;
  const call = (path: string, headers: Readonly<Record<string, string>> = {}) => fetch(`${portal.gateway.url}${path}`, { method: 'POST', body: payload('body'), headers });

  beforeAll(async () => {
    portal = await Portal.start({ SHOAL_CALLBACK_ALLOW: '127.0.0.1' });
    const { gateway } = portal;
    const bundle = join(gateway.home, 'bundles', 'hostile');
    mkdirSync(bundle, { recursive: true });
    writeFileSync(join(bundle, 'function.yml'), `command: [node, run.mjs]\n`);
    writeFileSync(join(bundle, 'run.mjs'), `console.error(${JSON.stringify(payload('log'))}); process.stdout.write(${JSON.stringify(payload('answer'))}); process.exitCode = process.env.Http_Query === 'fail' ? 1 : 0;\n`);
    await gateway.deploy('hostile', {
      image: bundle,
      envVars: { combine_output: 'false', TEXT: payload('variable'), content_type: `text/html;x=${payload('type')}` },
      constraints: [payload('constraint')],
      labels: { [payload('label')]: payload('value'), 'com.openfaas.ui.ext': payload('ext') },
      annotations: { [payload('annotation')]: payload('note'), 'com.openfaas.retry.attempts': '1', 'com.openfaas.retry.min_wait': '10ms', description: payload('description') },
    });
    // An image, a command and a reason that are hostile, of one that does not come up.
    await portal.api('POST', 'system/functions', { service: 'down', image: payload('image'), envProcess: `node -e console.error(\`${payload('reason').replaceAll('`', '').replaceAll('${', '')}\`);process.exit(1)`, envVars: { mode: 'http', upstream_url: 'http://127.0.0.1:1' } });
    await portal.api('POST', 'system/secrets', { name: 'x-planted', value: payload('secret') });
    page = await portal.open();
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    const failed = await call('/function/hostile?fail', { 'X-Call-Id': payload('call') });
    expect([failed.status, await failed.text()]).toEqual([500, expect.anything()]);
    for (const [header, value] of [['X-Call-Id', payload('later')], ['X-Callback-Url', `http://127.0.0.1:1/${payload('callback')}`], ['Idempotency-Key', payload('key').slice(0, 200)]] as const) {
      expect({ header, status: (await call(`/async-function/hostile/${encodeURIComponent(payload('path'))}?fail`, { [header]: value })).status }).toEqual({ header, status: 202 });
    }
    await gateway.until(async () => ((await portal.api('GET', 'system/queue/dead')) as unknown[]).length >= 3);
  }, 90_000);
  afterAll(() => portal?.dispose());
  afterEach(() => {
    expect(dialogs).toEqual([]);
    expect(portal.offences.splice(0)).toEqual([]);
  });

  /** Opens an address anew, lets `look` wait for what is to be seen, and looks for what must not be. */
  async function visit(path: string, look: (page: Page) => Promise<void>, at = '/ui/'): Promise<void> {
    await page.goto('about:blank');
    await page.goto(`${at}${path}`);
    await look(page);
    const html = await page.evaluate<string>('document.documentElement.outerHTML');
    expect({ path, attacked: await page.evaluate('self.wasAttacked'), planted: await page.locator('x-planted, [onerror], [onload]').count(), scripts: /<script>/.test(html), links: await page.locator('[href^="javascript:" i], [src^="javascript:" i]').count() }).toEqual({ path, attacked: undefined, planted: 0, scripts: false, links: 0 });
    expect(new URL(page.url()).host).toBe(new URL(portal.gateway.url).host);
    visited++;
  }
  const shows = (...texts: readonly string[]) => async (page: Page) => {
    for (const text of texts) await page.getByText(text).first().waitFor({ state: 'attached' });
  };

  it('are shown as texts on every page of a function', async () => {
    const expected: Readonly<Record<string, readonly string[]>> = {
      '': ['hostile'],
      '/logs': [seenAs('log')],
      '/details': ['variable', 'constraint', 'label', 'value', 'annotation', 'note', 'description', 'ext'].map(seenAs),
    };
    for (const tab of TABS) await visit(`#/functions/hostile.openfaas-fn${tab}`, shows(...(expected[tab] ?? ['hostile'])));
    for (const tab of ['', '/details', '/edit']) await visit(`#/functions/down.openfaas-fn${tab}`, shows('down'));
    await visit('#/functions/down.openfaas-fn/details', shows(seenAs('image')));
    await visit('#/functions/down.openfaas-fn/logs', shows(seenAs('reason')));
  });

  it('are shown as texts in lists, dead letters and answers', async () => {
    for (const path of ['#/', '#/store', '#/secrets', '#/new']) await visit(path, (page) => page.getByRole('main').waitFor());
    await visit('#/functions/hostile.openfaas-fn/queue', async (page) => {
      const rows = page.getByRole('row').filter({ has: page.getByRole('button', { name: /^Forget/ }) });
      await rows.first().waitFor();
      const told: string[] = [];
      for (const row of await rows.all()) {
        await row.getByRole('button').first().click();
        const dialog = page.getByRole('dialog');
        await dialog.getByText(seenAs('answer')).first().waitFor();
        told.push(await dialog.innerText());
        expect(await page.locator('x-planted, [onerror], [onload]').count()).toBe(0);
        await page.keyboard.press('Escape');
        await dialog.waitFor({ state: 'detached' });
      }
      expect(told).toHaveLength(3);
      // A path is encoded, as it was sent. Of a body its length is shown, of a key nothing; and an id that is none has been replaced.
      for (const text of [seenAs('callback'), 'path%22']) expect(told.join()).toContain(text);
      for (const text of ['body"', 'key"', 'later"']) expect(told.join()).not.toContain(text);
    });
    await visit('#/functions/hostile.openfaas-fn/test', async (page) => {
      await page.getByRole('button', { name: 'Send', exact: true }).click();
      await page.getByText(seenAs('answer')).first().waitFor({ state: 'attached' });
    });
    await visit('#/functions/hostile.openfaas-fn/edit', async (page) => {
      await page.locator('details').evaluateAll('(all) => all.forEach((one) => (one.open = true))');
      await page.locator(`input[value], textarea`).first().waitFor({ state: 'attached' });
    });
  });

  it('are shown as texts when they stand in an address', async () => {
    const text = encodeURIComponent(payload('address'));
    for (const path of [`#/${text}`, `#/functions/${text}`, `#/functions/${text}/edit`, `#/functions/hostile.openfaas-fn/logs?call=${text}`, `#/functions/hostile.openfaas-fn/queue?call=${text}`, `#/new/${text}`, `?${text}#/`, `?next=${text}`, `#javascript:${TELL}`]) {
      await visit(path, (page) => page.getByRole('main').waitFor());
    }
    // Before signing in, where it leads to is chosen by the address.
    for (const next of ['javascript:alert(1)', '//evil.example', 'https://evil.example', '/\\evil.example']) {
      const stranger = await portal.open({ path: `?next=${encodeURIComponent(next)}`, loggedIn: false });
      await stranger.getByLabel('Password').fill(portal.gateway.password);
      await stranger.keyboard.press('Enter');
      await stranger.getByRole('heading', { name: 'Functions' }).first().waitFor();
      expect(new URL(stranger.url()).pathname).toBe('/ui/');
      await stranger.context().close();
    }
  });

  it('do nothing to the page of the API, which loads no description but its own', async () => {
    const text = encodeURIComponent(payload('docs'));
    const evil = encodeURIComponent('data:application/json,{"openapi":"3.0.0","info":{"title":"planted","version":"1"},"paths":{}}');
    for (const path of [`?${text}#/${text}`, `?url=${evil}`, `?configUrl=${evil}&urls=${evil}`]) {
      await visit(path, async (page) => {
        await page.getByText('/system/functions').first().waitFor();
        expect(await page.getByText('planted').count()).toBe(0);
      }, '/docs');
    }
  });

  it('was tried everywhere', () => {
    expect(visited).toBeGreaterThan(25);
    faultRow({ area: 'access', done: 'markup and script in every text that a function, a caller or an address can choose, in Chromium', times: `${visited} pages`, lost: 'nothing', seen: 'text' });
  });
});
