// Load at a fixed rate, whatever the answers take: node tools/open-load.mjs URL RATE CONNECTIONS SECONDS.
// Request k is due k / RATE seconds after the start, on connection k modulo CONNECTIONS. One that cannot be sent because its
// connection still waits for an answer is late, and its latency counts from when it was due: a stall delays all who would have
// come meanwhile, not one (no coordinated omission). The first second is not counted: who is called opens its connections then.
// Prints latencies in ms as JSON.
import { connect } from 'node:net';

const TICK_MS = 1;
const WARM_UP_SECONDS = 1;
const GRACE_MS = 5_000;
const [, , urlText, rateText, connectionsText, secondsText] = process.argv;
const url = new URL(urlText);
const [rate, count, seconds] = [rateText, connectionsText, secondsText].map(Number);
const uncounted = Math.floor(rate * WARM_UP_SECONDS);
const total = uncounted + Math.floor(rate * seconds);
const head = Buffer.from(`GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`);
const latencies = new Float64Array(total - uncounted);
/** How late requests were sent to connections that were free: this program's own share of the latency. */
const lateness = new Float64Array(total);
let [ended, counted, sentOnTime, failed] = [0, 0, 0, 0];
let startedMs;

const dueMs = (k) => startedMs + (k * 1_000) / rate;

class Connection {
  /** Numbers of requests; the first one is under way. */
  queue = [];
  answer = '';

  constructor(socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.onData(chunk));
    socket.on('close', () => stop(new Error(`${urlText} closed a connection`)));
    socket.on('error', stop);
  }

  call(k) {
    this.queue.push(k);
    if (this.queue.length > 1) return;
    if (k >= uncounted) lateness[sentOnTime++] = performance.now() - dueMs(k);
    this.socket.write(head);
  }

  onData(chunk) {
    this.answer += chunk.latin1Slice();
    const headEnd = this.answer.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.answer);
    if (!length) return stop(new Error(`an answer of ${urlText} says no length`));
    if (this.answer.length < headEnd + 4 + Number(length[1])) return;
    if (!this.answer.startsWith('HTTP/1.1 200')) failed++;
    this.answer = '';
    const k = this.queue.shift();
    if (k >= uncounted) latencies[counted++] = performance.now() - dueMs(k);
    ended++;
    if (this.queue.length > 0) this.socket.write(head);
    if (ended === total) report();
  }
}

function percentile(values, percent) {
  return values[Math.min(values.length - 1, Math.floor((values.length * percent) / 100))];
}

function report() {
  const sorted = latencies.subarray(0, counted).sort();
  const late = lateness.subarray(0, sentOnTime).sort();
  const of = (percent) => percentile(sorted, percent);
  console.log(JSON.stringify({ requests: ended, failed, unanswered: total - ended, p50: of(50), p90: of(90), p99: of(99), p999: of(99.9), max: sorted.at(-1), ownP50: percentile(late, 50), ownP99: percentile(late, 99) }));
  process.exit(0);
}

function stop(error) {
  console.error(error.message);
  process.exit(1);
}

const open = () => new Promise((resolve, reject) => {
  const socket = connect(Number(url.port), url.hostname, () => resolve(new Connection(socket))).on('error', reject);
});
const connections = [];
while (connections.length < count) connections.push(await open());

let next = 0;
startedMs = performance.now() + 50;
const timer = setInterval(() => {
  const now = performance.now();
  while (next < total && dueMs(next) <= now) connections[next % count].call(next++);
  if (next === total) clearInterval(timer);
}, TICK_MS);
setTimeout(report, 50 + (WARM_UP_SECONDS + seconds) * 1_000 + GRACE_MS);
