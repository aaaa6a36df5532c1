// node --test
import assert from 'node:assert/strict';
import { test } from 'node:test';
import handler from './handler.js';

const context = {
  status: () => context,
  headers: () => context,
};

test('it greets whom the body names', async () => {
  const event = { body: 'Ada', headers: {}, method: 'POST', query: {}, path: '/' };
  assert.equal(await handler(event, context), 'Hello, Ada!\n');
});

test('it greets the world when nobody is named', async () => {
  const event = { body: '', headers: {}, method: 'GET', query: {}, path: '/' };
  assert.equal(await handler(event, context), 'Hello, world!\n');
});
