// Offers load from a process of its own: node load-program.mjs '{"port":…, …}' (the options of offer-load.ts); prints what came back as JSON.
// With a rate, request k is due k / rate seconds after the start, whatever the answers take, on the connection that is free
// the longest; one that finds none free is never sent, and counted. Without a rate each connection sends as soon as it is answered.
import { connect } from 'node:net';
import { getPriority, setPriority } from 'node:os';

const TICK_MS = 1;
/** Elsewhere callers are on other machines: here they leave processor time to what they call. */
setPriority(Math.max(10, getPriority()));
const { port, path, method = 'GET', body = '', headers = {}, rate = 0, connections: count, seconds, fresh = false, graceMs = 10_000 } = JSON.parse(process.argv[2]);
const lines = Object.entries({ Host: `127.0.0.1:${port}`, ...(body && { 'Content-Length': body.length }), ...(fresh && { Connection: 'close' }), ...headers });
const request = Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`, 'latin1');

const statuses = {};
const broken = {};
const okMs = [];
const refusedMs = [];
let [sent, unsent, okInTime, withoutRetryAfter, waiting] = [0, 0, 0, 0, 0];
let startedMs = 0;
let over = false;
/** Those that wait for nothing; taken from `nextFree` on. */
let free = [];
let nextFree = 0;

class Caller {
  answer = '';
  sentMs = 0;
  waits = false;
  socket = undefined;

  call() {
    this.waits = true;
    waiting++;
    sent++;
    this.sentMs = performance.now();
    this.socket ??= this.open();
    this.socket.write(request);
  }

  open() {
    const socket = connect(port, '127.0.0.1').setNoDelay(true);
    socket.on('data', (chunk) => this.take(chunk.latin1Slice()));
    socket.on('error', (error) => this.lost(socket, error.code ?? error.message));
    socket.on('close', () => this.lost(socket, 'closed'));
    return socket;
  }

  take(text) {
    this.answer = this.answer === '' ? text : this.answer + text;
    const headEnd = this.answer.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.answer)?.[1];
    if (length === undefined || this.answer.length < headEnd + 4 + Number(length)) return;
    const head = this.answer.slice(0, headEnd);
    this.answer = '';
    const tookMs = performance.now() - this.sentMs;
    const status = head.slice(9, 12);
    statuses[status] = (statuses[status] ?? 0) + 1;
    if (status.startsWith('2')) {
      okMs.push(tookMs);
      if (!over) okInTime++;
    } else {
      refusedMs.push(tookMs);
      if (!/\r\nretry-after: *\d+/i.test(head)) withoutRetryAfter++;
    }
    if (/\r\nconnection: *close/i.test(head)) this.drop();
    this.end();
  }

  lost(socket, why) {
    if (this.socket !== socket) return;
    this.socket = undefined;
    this.answer = '';
    if (!this.waits) return;
    broken[why] = (broken[why] ?? 0) + 1;
    this.end();
  }

  drop() {
    const { socket } = this;
    this.socket = undefined;
    socket.destroy();
  }

  end() {
    this.waits = false;
    waiting--;
    if (!over && rate === 0) setImmediate(() => !over && this.call());
    else if (over && waiting === 0) report();
    else free.push(this);
  }
}

function latenciesOf(values) {
  const sorted = Float64Array.from(values).sort();
  const at = (percent) => Math.round(10 * (sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0)) / 10;
  return { p50: at(50), p99: at(99), max: at(100) };
}

function report() {
  console.log(JSON.stringify({ sent, unsent, ok: okMs.length, goodput: okInTime / seconds, statuses, broken, withoutRetryAfter, unanswered: waiting, okMs: latenciesOf(okMs), refusedMs: latenciesOf(refusedMs) }));
  process.exit(0);
}

/** All there before the load begins, unless each request brings its own. */
async function connectAll(callers) {
  for (let i = 0; i < callers.length; i += 100) {
    await Promise.all(callers.slice(i, i + 100).map((caller) => new Promise((resolve, reject) => {
      caller.socket = caller.open().once('connect', resolve).once('error', reject);
    })));
  }
}

const callers = Array.from({ length: count }, () => new Caller());
if (!fresh) await connectAll(callers);
startedMs = performance.now();
if (rate === 0) for (const caller of callers) caller.call();
else free = callers;
let due = 0;
const timer = setInterval(() => {
  const elapsedMs = performance.now() - startedMs;
  if (elapsedMs >= seconds * 1_000) {
    over = true;
    clearInterval(timer);
    setTimeout(report, graceMs);
    if (waiting === 0) report();
    return;
  }
  for (; rate > 0 && due < (elapsedMs / 1_000) * rate; due++) {
    if (nextFree < free.length) free[nextFree++].call();
    else unsent++;
  }
  if (nextFree > 10_000) {
    free = free.slice(nextFree);
    nextFree = 0;
  }
}, TICK_MS);
