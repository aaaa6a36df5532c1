// `npm run portal:pictures`: takes the pictures of the portal that the documentation shows, of a gateway with something going on.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, progress, runBench, sleep } from './measure.mjs';
import { launchChromium, openSignedIn, requireChromium, startSignedInGateway } from './portal-bench.mjs';
import { ensureBuilt, ensureInstalled, requireNode, root } from './setup.mjs';

const PICTURES = join(root, 'docs/images/portal');
const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 390, height: 844 };
/** How long calls come before the pictures are taken. */
const STORY_SECONDS = 150;

const BUNDLES = join(folder, 'bundles');

/** Makes a bundle of a shell script, and returns its name. */
function bundle(name, text) {
  mkdirSync(join(BUNDLES, name), { recursive: true });
  writeFileSync(join(BUNDLES, name, 'run.sh'), `${text}\n`);
  writeFileSync(join(BUNDLES, name, 'function.yml'), 'command: sh run.sh\n');
  return name;
}

/** After a while the first of these is asked for more than it can take. */
const FUNCTIONS = [
  {
    service: 'thumbnails',
    image: bundle('thumbnails', 'sleep 0.03; cat'),
    envVars: { SIZE: '320x240', exec_timeout: '10s' },
    labels: { team: 'media', 'com.openfaas.scale.type': 'rps', 'com.openfaas.scale.target': '8', 'com.openfaas.scale.max': '8', 'com.openfaas.scale.down.window': '15s' },
    limits: { memory: '128Mi', cpu: '500m' },
  },
  { service: 'nightly-report', image: 'report', envProcess: 'cat', labels: { 'com.openfaas.scale.min': '0' }, annotations: { schedule: '30 2 * * *', 'schedule.timezone': 'Europe/Berlin' } },
  { service: 'charge-card', image: bundle('payments', 'cat >/dev/null; case $(date +%S) in *7) echo the card was declined >&2; exit 1 ;; esac; echo paid') },
  { service: 'search-index', image: 'search', envProcess: 'false', envVars: { mode: 'http', upstream_url: 'http://127.0.0.1:9' } },
];

/** Calls a second at a moment of the story, and after its end. */
const RATES = [
  { name: 'thumbnails', at: (share) => (share < 0.2 ? 4 : share < 0.4 ? 14 : share < 0.7 ? 36 : 12) },
  { name: 'charge-card', at: () => 3 },
  { name: 'echo', at: () => 2 },
  { name: 'wordcount', at: () => 1 },
];

const SCENES = [
  { name: 'login', path: '/ui/', loggedIn: false },
  { name: 'functions', all: true, path: '/ui/', prepare: (page) => page.getByRole('row', { name: 'thumbnails' }).waitFor() },
  { name: 'overview', all: true, path: '/ui/#/functions/thumbnails.openfaas-fn', prepare: (page) => page.getByText('Why').first().waitFor() },
  {
    name: 'test',
    path: '/ui/#/functions/wordcount.openfaas-fn/test',
    prepare: async (page) => {
      await page.getByRole('textbox', { name: 'Body' }).fill('a shoal of fish\nmoves as one');
      await page.keyboard.press('Control+Enter');
      await page.getByText('200').first().waitFor();
    },
  },
  { name: 'logs', path: '/ui/#/functions/charge-card.openfaas-fn/logs' },
  { name: 'new', all: true, path: '/ui/#/functions/thumbnails.openfaas-fn/edit' },
  { name: 'store', path: '/ui/#/store' },
  { name: 'api', path: '/docs' },
];

requireNode();
await ensureInstalled();
await ensureBuilt();
requireChromium('portal:pictures');
await runBench(async () => {
  const gateway = await startSignedInGateway('home', { SHOAL_SAMPLES: 'true', SHOAL_BUNDLES: BUNDLES });
  for (const deployment of FUNCTIONS) await gateway.api('POST', 'system/functions', deployment);
  await gateway.api('POST', 'system/secrets', { name: 'payment-key', value: 'sk-1' });
  await callFunctions(gateway.url);
  const browser = await launchChromium();
  try {
    rmSync(PICTURES, { recursive: true, force: true });
    mkdirSync(PICTURES, { recursive: true });
    for (const scene of SCENES) await takeAll(browser, gateway, scene);
  } finally {
    await browser.close();
  }
});

/** Calls functions from now on; resolves when the story is at its end. */
async function callFunctions(url) {
  let second = 0;
  setInterval(() => {
    second++;
    for (const { name, at } of RATES) {
      const count = at(second / STORY_SECONDS);
      for (let i = 0; i < count; i++) setTimeout(() => call(`${url}/function/${name}`), (i * 1_000) / count);
    }
  }, 1_000);
  for (; second < STORY_SECONDS; await sleep(500)) progress(`Calling functions: ${second} of ${STORY_SECONDS} s`);
}

/** The last ones come when the gateway is ending. */
function call(url) {
  void fetch(url, { method: 'POST', body: 'hello' }).then((answer) => answer.arrayBuffer()).catch(() => undefined);
}

async function takeAll(browser, gateway, { name, path, prepare = async () => undefined, loggedIn = true, all = false }) {
  for (const [size, viewport] of Object.entries({ wide: WIDE, narrow: NARROW })) {
    for (const colorScheme of all ? ['light', 'dark'] : [size === 'wide' ? 'light' : 'dark']) {
      progress(`${name}, ${size}, ${colorScheme}`);
      const options = { viewport, colorScheme, reducedMotion: 'reduce', baseURL: gateway.url, locale: 'en-GB' };
      const page = loggedIn ? await openSignedIn(browser, gateway, options) : await browser.newPage(options);
      await page.goto(path);
      await prepare(page);
      // Until what comes by itself is there: charts, pictures.
      await page.waitForLoadState('load');
      await sleep(1_500);
      await page.screenshot({ path: join(PICTURES, `${name}-${size}-${colorScheme}.png`) });
      await page.context().close();
    }
  }
}
