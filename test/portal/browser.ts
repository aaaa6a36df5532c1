import axe from 'axe-core';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { describeWithPrograms } from '../describe-with';
import { GatewayProcess } from '../e2e/gateway-process';

/** Of Debian's package. */
const CHROMIUM = '/usr/bin/chromium';
const CHROMIUM_ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
/** So long a page may take on a machine that runs other specs beside it: for what never comes, not a measure of what does. */
const ACTION_TIMEOUT_MS = 30_000;

export const WIDE = { width: 1280, height: 900 };
export const NARROW = { width: 390, height: 844 };

export interface OpenOptions {
  /** Behind `/ui/`: `#/store`. */
  readonly path?: string;
  readonly viewport?: typeof WIDE;
  readonly colorScheme?: 'light' | 'dark';
  /** Whether to log in first; otherwise the login page is what there is. */
  readonly loggedIn?: boolean;
}

/** Specs that need a browser. Each file starts one, and one gateway, for all of its specs. */
export function describePortal(title: string, specs: () => void): void {
  describeWithPrograms(title, ['chromium'], 'chromium', specs);
}

/** The portal of a gateway with authentication on and no functions, in a real browser. */
export class Portal {
  /** What pages have done that they must not: script errors, and what the content security policy had to stop. */
  readonly offences: string[] = [];

  private constructor(
    readonly gateway: GatewayProcess,
    readonly browser: Browser,
  ) {}

  static async start(env: Readonly<Record<string, string>> = {}): Promise<Portal> {
    const [gateway, browser] = await Promise.all([
      GatewayProcess.start({ basic_auth: 'true', ...env }),
      chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGS }),
    ]);
    return new Portal(gateway, browser);
  }

  async dispose(): Promise<void> {
    await Promise.all([this.browser.close(), this.gateway.dispose()]);
  }

  /** A page in a browser session of its own, which `page.context().close()` ends. */
  async open({ path = '', viewport = WIDE, colorScheme = 'light', loggedIn = true }: OpenOptions = {}): Promise<Page> {
    const context = await this.browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce', baseURL: this.gateway.url });
    context.setDefaultTimeout(ACTION_TIMEOUT_MS);
    if (loggedIn) await this.logIn(context);
    return this.openIn(context, path);
  }

  /** Another page of a browser session. */
  async openIn(context: BrowserContext, path: string): Promise<Page> {
    const page = await context.newPage();
    page.on('pageerror', (error) => this.offences.push(`${page.url()}: ${error.message}`));
    page.on('console', (message) => {
      if (/content security policy/i.test(message.text())) this.offences.push(`${page.url()}: ${message.text()}`);
    });
    await page.goto(`/ui/${path}`);
    return page;
  }

  /** Asks the API past the page. Rejects when it refuses. */
  async api(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(`${this.gateway.url}/${path}`, { method, headers: this.gateway.authorization(), ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return answer.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text;
  }

  private async logIn(context: BrowserContext): Promise<void> {
    const answer = await context.request.post('/ui/session', { data: { user: 'admin', password: this.gateway.password } });
    if (!answer.ok()) throw new Error(`logging in failed: ${answer.status()} ${await answer.text()}`);
  }
}

/** What axe finds serious or critical on a page, in short; nothing, as it should be. */
export async function seriousFindings(page: Page): Promise<string[]> {
  // By the debugger, because the page's policy lets no script in from outside.
  const session = await page.context().newCDPSession(page);
  const evaluate = async (expression: string) => {
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value as unknown;
  };
  await evaluate(axe.source);
  const found = (await evaluate(`axe.run().then(({ violations }) => violations.map(({ id, impact, nodes }) => ({ id, impact, where: nodes.map(({ html }) => html.slice(0, 200)) })))`)) as {
    readonly id: string;
    readonly impact: string;
    readonly where: readonly string[];
  }[];
  await session.detach();
  return found.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, where }) => `${id}: ${where.join(' | ')}`);
}
