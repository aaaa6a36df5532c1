import { selfTimes, sharesOf, sourcesOf } from '../../tools/bench/profile-summary.mjs';

const frame = (id: number, functionName: string, url = '', lineNumber = -1) => ({ id, callFrame: { functionName, url, lineNumber } });
const BUNDLE = `"use strict";
// node_modules/undici/lib/client.js
var require_client = 1;
// libs/domain/src/invocation/calls.ts
var Calls = class {
  // Says why.
  run() {}
};
// node_modules/a/node_modules/@scope/b/index.mjs
var b = 2;
`;

describe('sourcesOf()', () => {
  it('knows the file of each line of a bundle, and of packages their name', () => {
    const fileOf = sourcesOf(BUNDLE);
    expect([0, 2, 4, 6, 9].map(fileOf)).toEqual(['the bundle', 'undici', 'libs/domain/src/invocation/calls.ts', 'libs/domain/src/invocation/calls.ts', '@scope/b']);
  });

  it('says "the bundle" for a line that is not there', () => {
    expect(sourcesOf(BUNDLE)(99)).toBe('the bundle');
  });
});

describe('selfTimes()', () => {
  const nodes = [
    frame(1, '(idle)'),
    frame(2, '(garbage collector)'),
    frame(3, 'writev'),
    frame(4, 'onread', 'node:internal/stream_base_commons', 12),
    frame(5, 'run', 'file:///bundle.cjs', 6),
    frame(6, 'later', 'file:///bundle.cjs', 4),
    frame(8, 'wasm-function[20]', 'wasm://wasm/00034eea', 0),
    frame(7, 'parserOnHeadersComplete', 'node:_http_common', 1),
  ];

  it('gives each sample the time up to the next one, by what it is spent for', () => {
    const selfUs = selfTimes({ nodes, samples: [5, 3, 6, 1, 2, 4, 7, 8, 1], timeDeltas: [900, 10, 20, 30, 40, 50, 60, 70, 80] }, sourcesOf(BUNDLE));
    expect(Object.fromEntries(selfUs)).toEqual({
      'libs/domain/src/invocation/calls.ts': 10 + 30,
      'writing to sockets': 20,
      idle: 40 + 0,
      'garbage collection': 50,
      'node: sockets and streams': 60,
      'node: http': 70,
      'WebAssembly: undici parsing HTTP': 80,
    });
  });

  it('takes a clock that goes back for one that stands', () => {
    expect(selfTimes({ nodes, samples: [3, 3], timeDeltas: [0, -5] }, () => 'x').get('writing to sockets')).toBe(0);
  });
});

describe('sharesOf()', () => {
  it('is of the time that is not idle, the dearest first', () => {
    const shares = sharesOf(new Map([['a', 25], ['idle', 1_000], ['b', 75]]));
    expect(shares).toEqual([
      { group: 'idle', selfUs: 1_000, share: undefined },
      { group: 'b', selfUs: 75, share: 0.75 },
      { group: 'a', selfUs: 25, share: 0.25 },
    ]);
  });
});
