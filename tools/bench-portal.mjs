// `npm run bench:portal`: how soon the list of functions is there, and how it bears many functions that are called, beside few.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { alternate, cpuUs, mediansOf, progress, readOptions, rounded, runBench, sleep, until } from './measure.mjs';
import { launchChromium, openSignedIn, requireChromium, startSignedInGateway } from './portal-bench.mjs';
import { ensureBuilt, ensureInstalled, requireNode, root } from './setup.mjs';

const FEW = 10;
const options = readOptions(
  {
    rounds: { type: 'string', default: '7' },
    functions: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '20' },
    called: { type: 'string', default: '100' },
  },
  `Usage: npm run bench:portal -- [options]

Opens the list in Chromium in turns on a gateway with ${FEW} and one with many functions: medians of when something is painted, and
when the first function is. Then calls functions of the latter for a while, scrolls, and tells how long the longest task of the page took.

  --rounds=N      how often each list is opened (7)
  --functions=N   how many are many (2000)
  --called=N      how many of them are called, each twice a second (100)
  --seconds=N     how long the list is watched (20)
  --help          print this text`,
);

/** From top to end and back in 120 frames; resolves with how long each took. */
const SCROLL = `new Promise((resolve) => {
  const times = [];
  let before = performance.now();
  const step = () => {
    const now = performance.now();
    times.push(now - before);
    before = now;
    if (times.length > 120) return resolve(times);
    scrollTo(0, Math.abs(Math.sin((times.length / 120) * Math.PI)) * document.body.scrollHeight);
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})`;

requireNode();
await ensureInstalled();
await ensureBuilt();
requireChromium('bench:portal');
await runBench(async () => {
  const many = Number(options.functions);
  const targets = [await startGateway(FEW), await startGateway(many)];
  const browser = await launchChromium();
  try {
    const samples = await alternate(targets, Number(options.rounds), (target) => open(browser, target), 'openings');
    console.log(`\nFirst view: ${rounded(firstViewBytes() / 1_000)} kB of JavaScript and CSS, gzipped`);
    console.table(Object.fromEntries(mediansOf(samples).map(({ name, ...values }) => [name, Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Math.round(value)]))])));
    await watch(browser, targets[1]);
  } finally {
    await browser.close();
  }
});

async function startGateway(functions) {
  const gateway = await startSignedInGateway(`home-${functions}`, { SHOAL_SAMPLES: 'false' });
  for (let i = 0; i < functions; i++) {
    await gateway.api('POST', 'system/functions', { service: `function-${i}`, image: 'cat', envProcess: 'cat' });
    if (i % 100 === 0) progress(`Deploying: ${i} of ${functions}`);
  }
  return { name: `${functions} functions`, ...gateway };
}

async function openPage(browser, gateway) {
  const page = await openSignedIn(browser, gateway, { viewport: { width: 1280, height: 900 } });
  await page.addInitScript(`
    window.longTasks = [];
    new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask', buffered: true });
    new MutationObserver((_, observer) => {
      if (!document.querySelector('.function-row')) return;
      observer.disconnect();
      requestAnimationFrame(() => setTimeout(() => (window.firstRowMs = performance.now())));
    }).observe(document, { childList: true, subtree: true });`);
  await page.goto('/ui/');
  await until(() => page.evaluate('window.firstRowMs !== undefined'), 'the list');
  return page;
}

async function open(browser, target) {
  const page = await openPage(browser, target);
  await sleep(500);
  const sample = await page.evaluate(`({
    'first paint ms': performance.getEntriesByName('first-contentful-paint')[0].startTime,
    'first function ms': window.firstRowMs,
    'longest task ms': Math.max(0, ...window.longTasks),
  })`);
  await page.context().close();
  return sample;
}

/** Calls functions, and scrolls up and down meanwhile. */
async function watch(browser, target) {
  const page = await openPage(browser, target);
  await sleep(1_000);
  await page.evaluate('window.longTasks.length = 0');
  const seconds = Number(options.seconds);
  const ends = Date.now() + seconds * 1_000;
  const gatewayBeforeUs = cpuUs(target.pid);
  let calls = 0;
  const calling = (async () => {
    for (let turn = 0; Date.now() < ends; turn++) {
      const slice = Array.from({ length: Number(options.called) }, (_, i) => i);
      await Promise.all(slice.map((i) => fetch(`${target.url}/function/function-${i}`, { method: 'POST', body: 'x' }).then((answer) => answer.arrayBuffer())));
      calls += slice.length;
      await sleep(Math.max(0, ends - seconds * 1_000 + (turn + 1) * 500 - Date.now()));
    }
  })();
  let frames = [];
  while (Date.now() < ends) {
    frames = frames.concat(await page.evaluate(SCROLL));
  }
  await calling;
  const longTasks = await page.evaluate('window.longTasks');
  const sorted = frames.sort((a, b) => a - b);
  console.log(`\nLive for ${seconds} s, ${calls} calls to ${options.called} functions, scrolling:`);
  console.table({
    'tasks over 50 ms': longTasks.length,
    'longest task ms': Math.round(Math.max(0, ...longTasks)),
    'frame p50 ms': Math.round(sorted[Math.floor(sorted.length * 0.5)]),
    'frame p99 ms': Math.round(sorted[Math.floor(sorted.length * 0.99)]),
    'rows in the page': await page.evaluate(`document.querySelectorAll('.function-row').length`),
    'gateway CPU ms a second': Math.round((cpuUs(target.pid) - gatewayBeforeUs) / 1_000 / seconds),
  });
  await page.context().close();
}

/** What the page asks for before it shows the list. */
function firstViewBytes() {
  const portal = join(root, 'dist/portal');
  const page = readFileSync(join(portal, 'index.html'), 'utf8');
  const files = [...page.matchAll(/(?:src|href)="\.\/([^"]+\.(?:js|css))"/g)].map(([, file]) => file);
  return files.reduce((sum, file) => sum + gzipSync(readFileSync(join(portal, file)), { level: 9 }).length, 0);
}
