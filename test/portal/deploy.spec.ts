import type { Locator, Page } from 'playwright-core';
import { describePortal, NARROW, Portal, seriousFindings } from './browser';

interface Told {
  readonly [field: string]: unknown;
}

const HOSTILE = `<img src=x onerror="document.title='owned'">`;
/** Starts, and never listens where it says. */
const NEVER_UP = { mode: 'http', upstream_url: 'http://127.0.0.1:1' };

describePortal('the portal: deploying, the store, secrets', () => {
  let portal: Portal;
  beforeAll(async () => {
    portal = await Portal.start();
    await portal.api('POST', 'system/functions', { service: 'taken', image: 'x', envProcess: 'cat' });
  });
  afterAll(() => portal?.dispose());
  afterEach(() => expect(portal.offences.splice(0)).toEqual([]));

  const told = (name: string) => portal.api('GET', `system/function/${name}`) as Promise<Told>;
  const openSection = (page: Page, name: string) => page.locator('summary').filter({ has: page.getByRole('heading', { name, exact: true }) }).click();
  const sectionOf = (page: Page, name: string) => page.locator('details').filter({ has: page.getByRole('heading', { name, exact: true }) });
  const submit = (page: Page, name = 'Deploy') => page.getByRole('button', { name, exact: true }).click();
  /** The focus moves a moment after what it moves to is shown. */
  const focusAt = (page: Page, label: string) => page.getByLabel(label, { exact: true }).and(page.locator(':focus')).waitFor();

  async function logIn(page: Page): Promise<void> {
    await page.getByLabel('Password').fill(portal.gateway.password);
    await page.keyboard.press('Enter');
  }

  async function paste(input: Locator, text: string): Promise<void> {
    await input.focus();
    await input.page().evaluate(`{
      const clipboardData = new DataTransfer();
      clipboardData.setData('text', ${JSON.stringify(text)});
      document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    }`);
  }

  it('deploys what the form says, all of it, and follows it until it is ready', async () => {
    const page = await portal.open({ path: '#/new' });
    await page.getByLabel('Name', { exact: true }).fill('everything');
    await page.getByLabel('Image').fill('any-name');
    await page.getByLabel('Command').fill('tr a-z A-Z');
    await openSection(page, 'Environment');
    await page.getByRole('button', { name: 'Add variable' }).click();
    await paste(page.getByLabel('Name of variable 1'), '# of the shell\nexport GREETING="hello there"\nexec_timeout=5s\n');
    await page.getByLabel('Value of exec_timeout').press('Enter');
    await page.keyboard.type('THIRD');
    await page.keyboard.press('Tab');
    await page.keyboard.type('3');
    await page.getByRole('button', { name: 'Remove GREETING' }).click();
    await openSection(page, 'Secrets');
    await page.getByRole('button', { name: 'New secret' }).click();
    await page.getByLabel('Secret name').fill('token');
    await page.getByLabel('Value', { exact: true }).fill('s3cr3t');
    await page.keyboard.press('Tab');
    await submit(page, 'Create');
    await page.getByRole('checkbox', { name: 'token', checked: true }).waitFor();
    await page.getByLabel('Maximum replicas').fill('4');
    await page.getByLabel('Calls a second for each replica').fill('10');
    await page.getByLabel('Sleep when nobody calls').check();
    await page.getByLabel('Asleep after').fill('20m');
    await page.getByText(/rises to 31\.5 calls a second.*1 to 4 replicas.*Asleep 20 min after the last call/).waitFor();
    expect(await page.getByRole('img', { name: 'Load and replicas over time' }).locator('path').count()).toBe(2);
    await openSection(page, 'Schedule');
    await page.getByRole('button', { name: 'Daily at 6' }).click();
    await page.getByLabel('Time zone').fill('Asia/Tokyo');
    await page.getByText('Next calls, Asia/Tokyo').waitFor();
    expect(await page.locator('time').allTextContents()).toEqual([expect.stringMatching(/06:00:00$/), expect.stringMatching(/06:00:00$/), expect.stringMatching(/06:00:00$/)]);
    await page.getByLabel('When the gateway was not there').selectOption('once');
    await openSection(page, 'Memory and CPU');
    await page.getByLabel('Memory, at most').fill('256Mi');
    await page.getByLabel('CPU, reserved').fill('100m');
    await openSection(page, 'Labels and annotations');
    await page.getByRole('button', { name: 'Add label' }).click();
    await page.getByLabel('Name of label 1').fill('com.openfaas.scale.min');
    await page.getByLabel('Value of com.openfaas.scale.min').fill('2');
    await page.getByRole('button', { name: 'Add annotation' }).click();
    await page.getByLabel('Name of annotation 1').fill('note');
    await page.getByLabel('Value of note').fill(HOSTILE);
    // What belongs to the policy has gone there.
    expect(await page.getByLabel('Minimum replicas').inputValue()).toBe('2');
    expect(await page.getByLabel('Name of label 1').count()).toBe(0);
    await openSection(page, 'Advanced');
    await page.getByLabel('Read-only root filesystem').check();
    await page.getByLabel('Constraints').fill('node.role == worker\n');
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('img', { name: 'Load and replicas over time' }).scrollIntoViewIfNeeded();
    await submit(page);
    await page.getByRole('heading', { name: 'everything is ready' }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    expect(await told('everything')).toMatchObject({
      image: 'any-name',
      namespace: 'openfaas-fn',
      envProcess: 'tr a-z A-Z',
      envVars: { exec_timeout: '5s', THIRD: '3' },
      secrets: ['token'],
      labels: { 'com.openfaas.scale.min': '2', 'com.openfaas.scale.max': '4', 'com.openfaas.scale.target': '10', 'com.openfaas.scale.zero': 'true', 'com.openfaas.scale.zero-duration': '20m', faas_function: 'everything' },
      annotations: { schedule: '0 6 * * *', 'schedule.timezone': 'Asia/Tokyo', 'schedule.missed': 'once', note: HOSTILE },
      limits: { memory: '256Mi' },
      requests: { cpu: '100m' },
      readOnlyRootFilesystem: true,
      constraints: ['node.role == worker'],
    });
    await page.getByRole('link', { name: 'Go to the function' }).click();
    await page.getByRole('navigation', { name: 'About this function' }).waitFor();
    await page.context().close();
  });

  it('tells of each kind of mistake at its field, and leads to the first', async () => {
    const page = await portal.open({ path: '#/new', viewport: NARROW, colorScheme: 'dark' });
    await submit(page);
    await page.getByText('The image must not be empty.').first().waitFor();
    await focusAt(page, 'Name');
    for (const name of ['Environment', 'Schedule', 'Memory and CPU', 'Labels and annotations']) await openSection(page, name);
    await page.getByText('Fine tuning').click();
    const mistakes: readonly (readonly [section: string | undefined, label: string, text: string, problem: string])[] = [
      [undefined, 'Name', 'No_Name', 'The name must consist of a-z, 0-9 and -'],
      [undefined, 'Image', 'two words', 'The image must not contain spaces'],
      ['Scaling', 'Maximum replicas', '5000', 'The maximum must be a whole number from 0 to 1000'],
      ['Scaling', 'Minimum replicas', 'few', 'The minimum must be a whole number'],
      ['Scaling', 'Calls a second for each replica', '0', 'The target must be a number above 0'],
      ['Scaling', 'Warm-up', 'soon', 'The warm-up'],
      ['Schedule', 'Cron expression', '61 * * * *', 'The schedule cannot be used'],
      ['Memory and CPU', 'Memory, at most', 'lots', 'The memory limit is not an amount of memory'],
      ['Memory and CPU', 'CPU, reserved', '-1', 'The reserved CPU is not an amount of CPU'],
    ];
    for (const [section, label, text, problem] of mistakes) {
      const place = section === undefined ? page.getByRole('region', { name: 'The function' }) : sectionOf(page, section);
      const input = place.getByLabel(label, { exact: true });
      await input.fill(text);
      await place.getByText(problem).waitFor();
      expect(await input.getAttribute('aria-invalid')).toBe('true');
      await input.fill(label === 'Name' ? 'fine' : label === 'Image' ? 'fine' : '');
      await place.getByText(problem).waitFor({ state: 'detached' });
      await focusAt(page, label);
    }
    await page.getByLabel('Cron expression').fill('@daily');
    await page.getByLabel('Time zone').fill('Mars/North');
    await sectionOf(page, 'Schedule').getByText('The time zone is none').waitFor();
    await page.getByRole('button', { name: 'Add variable' }).click();
    await page.getByLabel('Name of variable 1').fill('1A');
    await page.getByText('“1A” is not a name for an environment variable.').first().waitFor();
    await page.getByRole('button', { name: 'Add annotation' }).click();
    await page.getByLabel('Name of annotation 1').fill('com.openfaas.retry.attempts');
    await page.getByLabel('Value of com.openfaas.retry.attempts').fill('many');
    await page.getByText('“com.openfaas.retry.attempts” must be a whole number').first().waitFor();
    await page.getByLabel('Name', { exact: true }).fill('taken');
    await page.getByText('There is a function of this name in openfaas-fn already.').first().waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.context().close();
  });

  it('puts what the gateway refuses at its field, and says why a deployment does not get on', async () => {
    const page = await portal.open({ path: '#/new' });
    await page.getByLabel('Name', { exact: true }).fill('never-up');
    await page.getByLabel('Image').fill('x');
    await page.getByLabel('Command').fill('no-such-program');
    await submit(page);
    await page.getByText('There is no command no-such-program on this machine.').first().waitFor();
    await focusAt(page, 'Command');
    await page.getByLabel('Command').fill('false');
    await openSection(page, 'Environment');
    await page.getByRole('button', { name: 'Add variable' }).click();
    await paste(page.getByLabel('Name of variable 1'), Object.entries(NEVER_UP).map(([name, value]) => `${name}=${value}`).join('\n'));
    await submit(page);
    await page.getByRole('heading', { name: 'never-up does not get on' }).waitFor();
    await page.getByText('0 of 1 replica started').waitFor();
    expect(await page.getByRole('alert').first().textContent()).toMatch(/ended|code|exit/);
    await portal.api('DELETE', 'system/functions', { functionName: 'never-up' });
    await page.getByRole('heading', { name: 'never-up was deleted' }).waitFor();
    await page.context().close();
  });

  it('changes a function without losing what the form does not know, asks before that is lost, and says that the version before serves on', async () => {
    const labels = { 'com.openfaas.scale.zero': 'false', 'com.openfaas.scale.unheard-of': '1', 'x y': ' spaces ' };
    const annotations = { 'com.openfaas.retry.attempts': '2', lines: 'one\ntwo' };
    await portal.gateway.deploy('kept', { image: 'some-name', envProcess: 'cat', envVars: { PEM: '-----\nab\n-----' }, labels, annotations, constraints: ['a==b'], requests: { memory: '1 MB' } });
    const { createdAt: _, ...before } = await told('kept');
    const page = await portal.open({ path: '#/functions/kept.openfaas-fn/edit' });
    await page.getByLabel('Command').fill('cat -');
    expect(await page.getByLabel('Name', { exact: true }).isDisabled()).toBe(true);
    const clicked = page.getByRole('link', { name: 'Store', exact: true }).click();
    const dialog = await page.waitForEvent('dialog');
    expect(dialog.message()).toContain('Leave without it?');
    await Promise.all([dialog.dismiss(), clicked]);
    expect(await page.getByLabel('Command').inputValue()).toBe('cat -');
    expect(page.url()).toContain('#/functions/kept.openfaas-fn/edit');
    await submit(page, 'Update');
    await page.getByRole('heading', { name: 'kept is ready' }).waitFor();
    const { createdAt: __, ...after } = await told('kept');
    expect(after).toEqual({ ...before, envProcess: 'cat -' });

    await page.goto('/ui/#/functions/kept.openfaas-fn');
    await page.getByRole('link', { name: 'Edit' }).click();
    await page.getByLabel('Command').fill('false');
    await openSection(page, 'Environment');
    await page.getByRole('button', { name: 'Add variable' }).click();
    await paste(page.getByLabel('Name of variable 2'), Object.entries(NEVER_UP).map(([name, value]) => `${name}=${value}`).join('\n'));
    await submit(page, 'Update');
    await page.getByText('The version before serves on.').waitFor();
    await page.getByRole('button', { name: 'Change it' }).click();
    expect(await page.getByLabel('Command').inputValue()).toBe('false');
    expect(await (await fetch(`${portal.gateway.url}/function/kept`, { method: 'POST', body: 'still here' })).text()).toBe('still here');
    await page.context().close();
  });

  it('replaces no function that the list does not have', async () => {
    const before = await told('taken');
    const page = await portal.open({ loggedIn: false });
    await page.route('**/system/events', (route) => route.abort());
    await logIn(page);
    await page.getByRole('link', { name: 'Store', exact: true }).click();
    await page.getByRole('button', { name: 'Deploy Markdown' }).click();
    await page.getByLabel('Function name').fill('taken');
    await submit(page);
    await page.getByRole('link', { name: 'Change that one instead' }).waitFor();
    await page.goto('/ui/#/new');
    await page.getByLabel('Name', { exact: true }).fill('taken');
    await page.getByLabel('Image').fill('another');
    await submit(page);
    await page.getByRole('link', { name: 'Change that one instead' }).waitFor();
    await focusAt(page, 'Name');
    expect(await told('taken')).toEqual(before);
    await page.context().close();
  });

  it('has what was typed again after a session that ended meanwhile, and not after logging out', async () => {
    const page = await portal.open({ path: '#/new' });
    await page.getByLabel('Name', { exact: true }).fill('patient');
    await page.getByLabel('Image').fill('x');
    await page.context().clearCookies();
    await submit(page);
    await page.getByText('Your session is over').waitFor();
    await logIn(page);
    await page.getByRole('heading', { name: 'New function' }).first().waitFor();
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('patient');
    page.once('dialog', (dialog) => void dialog.accept());
    await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Log out' }).click()]);
    await logIn(page);
    await page.getByRole('heading', { name: 'New function' }).first().waitFor();
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('');
    await page.context().close();
  });

  it('deploys from the store in two clicks, or by the form filled in', async () => {
    const page = await portal.open({ path: '#/store' });
    await page.getByRole('button', { name: 'Deploy Echo' }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByLabel('Search the store').fill('html');
    await page.getByRole('button', { name: 'Deploy Echo' }).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Deploy Markdown' }).click();
    const dialog = page.getByRole('dialog', { name: 'Deploy Markdown' });
    await dialog.getByText('asleep while nobody calls').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await dialog.getByLabel('Function name').fill('taken');
    await dialog.getByText('There is a function of this name').waitFor();
    await dialog.getByLabel('Function name').fill('markdown');
    await submit(page);
    await dialog.getByText('asleep until the first call').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'deployed Markdown' }).waitFor();
    await page.getByRole('link', { name: 'Change first Markdown' }).click();
    await page.getByRole('heading', { name: 'Markdown, from the store' }).waitFor();
    expect(await page.getByLabel('Image').inputValue()).toBe('markdown');
    expect(await page.getByLabel('Sleep when nobody calls').isChecked()).toBe(true);
    await page.getByText('There is a function of this name in openfaas-fn already.').first().waitFor();
    await page.context().close();
  });

  it('makes, replaces and deletes secrets, never shows a value, and keeps one that is used', async () => {
    await portal.api('POST', 'system/secrets', { name: 'used', value: 'first' });
    await portal.gateway.deploy('reader', { envProcess: 'cat', secrets: ['used'] });
    const page = await portal.open({ path: '#/secrets', viewport: NARROW });
    await page.getByRole('button', { name: 'New secret' }).click();
    await page.getByLabel('Secret name').fill(HOSTILE);
    await page.getByText('The name must consist of').waitFor();
    await page.getByLabel('Secret name').fill('a.b-1');
    await page.getByLabel('File').check();
    await page.locator('input[type=file]').setInputFiles({ name: 'key.der', mimeType: 'application/octet-stream', buffer: Buffer.from([0, 255, 254, 10]) });
    expect(await seriousFindings(page)).toEqual([]);
    await submit(page, 'Create');
    const list = page.getByRole('list', { name: 'Secrets of openfaas-fn' });
    await list.getByText('a.b-1').waitFor();
    await page.getByRole('button', { name: 'Replace used' }).click();
    await page.getByLabel('Value', { exact: true }).fill(HOSTILE);
    await submit(page, 'Replace');
    await page.getByText('used has its new value.').waitFor();
    expect(await list.textContent()).not.toContain('onerror');
    await list.getByRole('link', { name: 'reader' }).waitFor();
    await page.getByRole('button', { name: 'Delete used' }).click();
    await page.getByText('Read by reader.').waitFor();
    await submit(page, 'Delete');
    await page.getByText(/It was not deleted: .*in use by: reader/).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Delete a.b-1' }).click();
    await submit(page, 'Delete');
    await list.getByText('a.b-1').waitFor({ state: 'detached' });
    expect(await seriousFindings(page)).toEqual([]);
    await page.goto(`/ui/#/functions/${encodeURIComponent(HOSTILE)}/edit`);
    await page.getByText('cannot be changed').waitFor();
    expect(await page.title()).not.toBe('owned');
    await page.context().close();
  });
});
