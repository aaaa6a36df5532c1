// Where the time of a CPU profile goes, by what it is spent for.

const IDLE = 'idle';
/** What V8 names that is no function. */
const SPECIAL = { '(idle)': IDLE, '(garbage collector)': 'garbage collection', '(program)': 'native: event loop, reading, parsing HTTP' };
/** Functions of Node that write to sockets by a call of the system. */
const WRITES = new Set(['writev', 'writeBuffer', 'writeUtf8String', 'writeAsciiString', 'writeLatin1String', 'shutdown']);
/** By the name of a module of Node, the first that fits. */
const NODE_GROUPS = [
  [/^node:(_http|http|internal\/http)/, 'node: http'],
  [/^node:(net|internal\/(net|stream_base_commons))|^node:(internal\/streams|stream|internal\/js_stream)/, 'node: sockets and streams'],
  [/^node:events|^node:internal\/(process|async_hooks|timers|util|validators)|^node:(timers|buffer|internal\/buffer)/, 'node: events, ticks, timers, buffers'],
  [/^node:/, 'node: other'],
];

/**
 * Self time in microseconds by group.
 *
 * @param profile as `--cpu-prof` writes it.
 * @param fileOf the source of a line of our program, counted from 0.
 */
export function selfTimes({ nodes, samples, timeDeltas }, fileOf) {
  const groupOf = new Map(nodes.map(({ id, callFrame }) => [id, groupOfFrame(callFrame, fileOf)]));
  const selfUs = new Map();
  // A sample stands for the time up to the next one.
  samples.forEach((id, i) => {
    const group = groupOf.get(id);
    selfUs.set(group, (selfUs.get(group) ?? 0) + Math.max(timeDeltas[i + 1] ?? 0, 0));
  });
  return selfUs;
}

/** The dearest first; `share` is of the time that is not idle, and idle time has none. */
export function sharesOf(selfUs) {
  const busyUs = [...selfUs].reduce((sum, [group, us]) => (group === IDLE ? sum : sum + us), 0);
  return [...selfUs].map(([group, us]) => ({ group, selfUs: us, share: group === IDLE ? undefined : us / busyUs })).sort((a, b) => b.selfUs - a.selfUs);
}

function groupOfFrame({ functionName, url, lineNumber }, fileOf) {
  if (SPECIAL[functionName]) return SPECIAL[functionName];
  if (url === '') return WRITES.has(functionName) ? 'writing to sockets' : 'native: other';
  if (url.startsWith('wasm:')) return 'WebAssembly: undici parsing HTTP';
  if (url.startsWith('node:')) return NODE_GROUPS.find(([pattern]) => pattern.test(url))[1];
  return fileOf(lineNumber);
}

/**
 * The source of each line of a bundle, by the comments with which esbuild begins what comes from another file.
 * Files of packages count by package.
 */
export function sourcesOf(bundleText) {
  let source = 'the bundle';
  const sources = bundleText.split('\n').map((line) => {
    const path = /^\s*\/\/ (\S+\.[cm]?[jt]sx?)$/.exec(line)?.[1];
    if (path) source = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)(?!.*node_modules\/)/.exec(path)?.[1] ?? path;
    return source;
  });
  return (line) => sources[line] ?? 'the bundle';
}
