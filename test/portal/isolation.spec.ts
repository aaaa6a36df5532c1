import { rmSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { webBundle } from '../e2e/web-bundle';
import { describePortal, Portal } from './browser';

/** Tells its origin in its title, and has the ways out that pages have. */
const PAGE = `(req, res) => res.setHeader('Content-Type', 'text/html').end(
  '<script>document.title = self.origin</script><a href=page>link</a>')`;
/** What it learns of the portal. */
const SPY = `(async () => {
  const read = async (url, accept) => {
    const answer = await fetch(url, { headers: { Accept: accept } });
    return [answer.status, /shoal-session" content="([^"]*)/.exec(await answer.text())?.[1]];
  };
  const frame = Object.assign(document.createElement('iframe'), { src: '/ui/' });
  const loaded = new Promise((resolve) => (frame.onload = resolve));
  document.body.append(frame);
  await loaded;
  return { page: await read('/ui/', 'text/html'), api: await read('/system/functions', '*/*'), hidden: frame.contentDocument === null };
})()`;
const WORKER = `(req, res) => res.writeHead(200, { 'Content-Type': 'text/javascript', 'Service-Worker-Allowed': '/' }).end('onfetch = () => undefined')`;

describePortal('pages of functions', () => {
  let portal: Portal;
  const bundle = webBundle({ '/page': PAGE, '/worker.js': WORKER });

  beforeAll(async () => {
    portal = await Portal.start();
    await portal.gateway.deploy('hostile', { image: bundle });
  });
  afterAll(async () => {
    await portal.dispose();
    rmSync(bundle, { recursive: true });
  });

  const path = '/function/hostile/page';

  describe('opened in a browser that is signed in', () => {
    let page: Page;
    beforeEach(async () => {
      page = await portal.open();
      await page.goto(path);
    });
    afterEach(() => page.context().close());

    it('have no origin, wherever they lead', async () => {
      expect(await page.title()).toBe('null');
      for (const leave of [() => page.click('a'), () => page.evaluate(`void (location.href = 'page')`)]) {
        await page.goto(path);
        await Promise.all([page.waitForEvent('load'), leave()]);
        expect(await page.title()).toBe('null');
      }
      const [popup] = await Promise.all([page.context().waitForEvent('page'), page.evaluate(`void open('page')`)]);
      await popup.waitForLoadState();
      expect(await popup.title()).toBe('null');
    });

    it('have none either by a link of another site', async () => {
      await page.goto(`${portal.gateway.url.replace('127.0.0.1', 'localhost')}${path}`);
      expect(await page.title()).toContain('//localhost');
      await Promise.all([page.waitForURL(`${portal.gateway.url}${path}`), page.evaluate(`void (location.href = '${portal.gateway.url}${path}')`)]);
      expect(await page.title()).toBe('null');
    });
  });

  it("opened before signing in learn nothing from the portal, and stand in nobody's way", async () => {
    const page = await portal.open({ loggedIn: false });
    await page.goto(path);
    expect(await page.title()).toBe(portal.gateway.url);
    const scope = page.evaluate(`navigator.serviceWorker.register('worker.js', { scope: '/' }).then(String)`);
    await expect(scope).rejects.toThrow(/max scope/);
    await page.context().request.post('/ui/session', { data: { user: 'admin', password: portal.gateway.password } });

    expect(await page.evaluate(SPY)).toEqual({ page: [200, ''], api: [401, undefined], hidden: true });

    const [opened] = await Promise.all([page.context().waitForEvent('page'), page.evaluate(`void (self.opened = open('/ui/'))`)]);
    await opened.waitForLoadState();
    // It has the token; who opened it has no hold of it.
    expect(await opened.locator('meta[name="shoal-session"]').getAttribute('content')).toMatch(/^[\w-]{43}$/);
    expect(await page.evaluate('self.opened.closed')).toBe(true);
    await page.context().close();
  });
});
