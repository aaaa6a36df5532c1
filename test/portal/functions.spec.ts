import type { Page } from 'playwright-core';
import { freePort } from '../deploy/free-port';
import { describePortal, NARROW, Portal, seriousFindings } from './browser';

describePortal('the portal: logging in, and all functions', () => {
  let portal: Portal;
  beforeAll(async () => {
    portal = await Portal.start({ SHOAL_PORT: String(await freePort()) });
  });
  afterAll(() => portal?.dispose());
  afterEach(() => expect(portal.offences.splice(0)).toEqual([]));

  const rowOf = (page: Page, name: string) => page.getByRole('row', { name });
  const deployEcho = () => portal.gateway.deploy('echo', { envProcess: 'cat' });
  const call = (name: string) => fetch(`${portal.gateway.url}/function/${name}`, { method: 'POST', body: 'hello' });

  it('asks who is there, says what is wrong, and goes on where the address leads', async () => {
    const page = await portal.open({ path: '#/secrets', loggedIn: false });
    await page.getByLabel('Password').fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByText('User or password is wrong').waitFor();
    expect(await page.getByLabel('Password').inputValue()).toBe('');
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByLabel('Password').fill(portal.gateway.password);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Secrets', exact: true }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Secrets', exact: true }).waitFor();
    await page.goto('#/new');
    await page.getByLabel('Name', { exact: true }).fill('unsaved');
    await page.evaluate(`sessionStorage.setItem('shoal.tries.web', '[]')`);
    const asked: string[] = [];
    page.on('dialog', (dialog) => {
      asked.push(dialog.type());
      void (asked.length === 1 ? dialog.dismiss() : dialog.accept());
    });
    await page.getByRole('button', { name: 'Log out' }).click();
    expect({ asked, name: await page.getByLabel('Name', { exact: true }).inputValue() }).toEqual({ asked: ['confirm'], name: 'unsaved' });
    await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Log out' }).click()]);
    await page.getByRole('heading', { name: 'Log in to Shoal' }).waitFor();
    expect({ asked, kept: await page.evaluate('sessionStorage.length') }).toEqual({ asked: ['confirm', 'confirm'], kept: 0 });
    await page.reload();
    await page.getByRole('heading', { name: 'Log in to Shoal' }).waitFor();
    await page.goto('/docs');
    await page.getByLabel('Password').fill(portal.gateway.password);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/docs');
    await page.context().close();
  });

  it('shows what is deployed, called, changed and removed as it happens', async () => {
    const page = await portal.open();
    await page.getByText('No functions yet').waitFor();
    await deployEcho();
    await portal.gateway.deploy('capitals', { envProcess: 'tr a-z A-Z' });
    await rowOf(page, 'echo').getByText('ready').waitFor();
    expect(await rowOf(page, 'echo').getByText('never').count()).toBe(1);
    await call('echo');
    await rowOf(page, 'echo').getByText(/now|s ago/).waitFor();
    await portal.api('POST', 'system/scale-function/echo', { replicas: 0 });
    await rowOf(page, 'echo').getByText('asleep').waitFor();
    await portal.api('DELETE', 'system/functions', { functionName: 'capitals' });
    await rowOf(page, 'capitals').waitFor({ state: 'detached' });
    await page.context().close();
  });

  it('says why a function fails, and puts it first when sorted by state', async () => {
    await deployEcho();
    await portal.api('POST', 'system/functions', { service: 'never-up', image: 'never-up', envProcess: 'false', envVars: { mode: 'http', upstream_url: 'http://127.0.0.1:1' } });
    const page = await portal.open();
    await rowOf(page, 'never-up').getByText('failing').waitFor();
    await page.getByRole('button', { name: 'State' }).click();
    expect(await page.getByRole('row').nth(1).textContent()).toMatch(/never-up.*failing/);
    await page.getByRole('button', { name: /^failing/ }).click();
    await rowOf(page, 'echo').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: /^failing/ }).click();
    await page.getByLabel('Search functions').fill('no such thing');
    await page.getByRole('button', { name: 'Show all functions' }).click();
    await rowOf(page, 'echo').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.context().close();
  });

  it('draws of many functions those only that are near what is seen, and finds its place again', async () => {
    for (let i = 0; i < 200; i++) await portal.api('POST', 'system/functions', { service: `many-${i}`, image: 'x', envProcess: 'cat' });
    const page = await portal.open();
    await rowOf(page, 'many-0').waitFor();
    expect(await page.getByRole('table').getAttribute('aria-rowcount')).toMatch(/^20\d$/);
    expect(await page.locator('.function-row').count()).toBeLessThan(80);
    await page.evaluate('scrollTo(0, document.body.scrollHeight)');
    await page.getByRole('link', { name: 'many-99', exact: true }).click();
    await page.getByRole('heading', { name: 'many-99' }).waitFor();
    expect(await page.evaluate('scrollY')).toBe(0);
    await page.getByRole('link', { name: 'All functions' }).click();
    await page.getByRole('link', { name: 'many-99', exact: true }).waitFor();
    expect(await page.evaluate('scrollY')).toBeGreaterThan(1_000);
    await page.context().close();
  });

  it('can be used by keyboard alone', async () => {
    await deployEcho();
    const page = await portal.open();
    await rowOf(page, 'echo').waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the page');
    await page.keyboard.press('Enter');
    for (let i = 0; i < 30 && !(await page.evaluate(`document.activeElement.matches('.function-row a')`)); i++) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('navigation', { name: 'About this function' }).waitFor();
    await page.context().close();
  });

  it('shows another namespace only when there is one', async () => {
    await deployEcho();
    const page = await portal.open({ viewport: NARROW, colorScheme: 'dark' });
    await rowOf(page, 'echo').waitFor();
    expect(await page.getByLabel('Namespace').count()).toBe(0);
    await portal.api('POST', 'system/namespace/dev', { name: 'dev', labels: { openfaas: '1' } });
    await portal.api('POST', 'system/functions', { service: 'elsewhere', namespace: 'dev', image: 'x', envProcess: 'cat' });
    await rowOf(page, 'elsewhere').waitFor();
    await page.getByLabel('Namespace').selectOption('dev');
    await rowOf(page, 'echo').waitFor({ state: 'detached' });
    expect(await seriousFindings(page)).toEqual([]);
    await page.context().close();
  });

  it('goes on in every window when somebody logs in at one, and ends in every one when somebody logs out', async () => {
    const one = await portal.open({ path: '#/secrets' });
    const other = await one.context().newPage();
    await other.goto('/ui/#/secrets');
    const secretsOf = (page: Page) => page.getByRole('heading', { name: 'Secrets', exact: true });
    await secretsOf(one).waitFor();
    await other.getByRole('button', { name: 'Log out' }).click();
    await one.getByText('Your session is over').waitFor();
    await one.getByLabel('Password').fill(portal.gateway.password);
    await one.keyboard.press('Enter');
    await secretsOf(one).waitFor();
    await other.getByRole('heading', { name: 'Log in to Shoal' }).waitFor();
    // A browser that is driven tells every page that it has the focus.
    await other.evaluate(`dispatchEvent(new Event('blur')), dispatchEvent(new Event('focus'))`);
    await secretsOf(other).waitFor();
    // Another session takes the place of this one, past both windows.
    const reloaded = one.waitForEvent('load');
    await one.context().request.post('/ui/session', { data: { user: 'admin', password: portal.gateway.password } });
    await reloaded;
    await secretsOf(one).waitFor();
    await one.context().close();
  });

  it('says that what it shows is old while the gateway is away, and goes on when it is back', async () => {
    await deployEcho();
    const page = await portal.open();
    await rowOf(page, 'echo').waitFor();
    await portal.gateway.stop();
    await page.getByText('Not up to date').waitFor();
    await portal.gateway.startAgain();
    // Sessions do not outlive the gateway.
    await page.getByText('Your session is over').waitFor();
    await page.context().close();
  });
});
