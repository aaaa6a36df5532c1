// node --test, on Node 22.18 or newer
import assert from 'node:assert/strict';
import { test } from 'node:test';
import handler from './handler.ts';
import type { Context, Event } from './types.ts';

const context: Context = {
  status: () => context,
  headers: () => context,
  succeed: () => undefined,
  fail: () => undefined,
};

const event: Event<string> = { body: '', headers: {}, method: 'POST', query: {}, path: '/' };

test('it greets whom the body names', async () => {
  assert.equal(await handler({ ...event, body: 'Ada' }, context), 'Hello, Ada!\n');
});

test('it greets the world when nobody is named', async () => {
  assert.equal(await handler(event, context), 'Hello, world!\n');
});
