// Loaded into a gateway with `--require`: at each SIGUSR2 it writes what has happened since the one before, as a line of JSON on
// standard output: delays of the event loop, work in one piece and garbage collections in ms, bytes allocated on the heap, processor time.
'use strict';
const { monitorEventLoopDelay } = require('node:perf_hooks');
const { GCProfiler, getHeapStatistics } = require('node:v8');

const RESOLUTION_MS = 1;
const LOOK_MS = 5;
const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delays.enable();

// Processor time between two looks of the loop: what holds it up itself, whatever else the machine does.
let longestUs = 0;
let lookedUs = 0;
function look() {
  const { user, system } = process.cpuUsage();
  longestUs = Math.max(longestUs, user + system - lookedUs);
  lookedUs = user + system;
}
setInterval(look, LOOK_MS).unref();

let since;
function begin() {
  delays.reset();
  look();
  longestUs = 0;
  const profiler = new GCProfiler();
  profiler.start();
  since = { profiler, heapBytes: getHeapStatistics().used_heap_size, atMs: performance.now(), cpu: process.cpuUsage() };
}

/** What is recorded is the time from one look to the next. */
function delayMs(ns) {
  return Math.max(0, ns / 1e6 - RESOLUTION_MS);
}

process.on('SIGUSR2', () => {
  const { profiler, heapBytes, atMs, cpu } = since;
  const { user, system } = process.cpuUsage(cpu);
  const { statistics } = profiler.stop();
  let allocatedBytes = 0;
  let usedBytes = heapBytes;
  for (const { beforeGC, afterGC } of statistics) {
    allocatedBytes += beforeGC.heapStatistics.usedHeapSize - usedBytes;
    usedBytes = afterGC.heapStatistics.usedHeapSize;
  }
  allocatedBytes += getHeapStatistics().used_heap_size - usedBytes;
  const told = {
    ms: performance.now() - atMs,
    cpuMs: (user + system) / 1_000,
    loopP50Ms: delayMs(delays.percentile(50)),
    loopP99Ms: delayMs(delays.percentile(99)),
    loopMaxMs: delayMs(delays.max),
    pieceMs: longestUs / 1_000,
    collections: statistics.length,
    gcMs: statistics.reduce((sum, { cost }) => sum + cost, 0) / 1_000,
    longestGcMs: Math.max(0, ...statistics.map(({ cost }) => cost)) / 1_000,
    allocatedBytes,
  };
  process.stdout.write(`\nPROBE ${JSON.stringify(told)}\n`);
  begin();
});
begin();
