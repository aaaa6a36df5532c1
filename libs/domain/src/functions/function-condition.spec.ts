import { aFunction } from '../testing/function-spec';
import { conditionOf } from './function-condition';
import type { FunctionState } from './function-provider';

const replica = { id: 'r', baseUrl: 'http://x', maxInflight: 1 };
const spec = aFunction('f');

describe('conditionOf()', () => {
  const table: readonly (readonly [wanted: number, ready: number, rest: Partial<FunctionState>, expected: ReturnType<typeof conditionOf>])[] = [
    [1, 1, {}, { state: 'ready' }],
    [1, 2, {}, { state: 'ready' }],
    [2, 1, {}, { state: 'ready' }],
    [1, 0, {}, { state: 'starting' }],
    [0, 0, {}, { state: 'asleep' }],
    [0, 1, {}, { state: 'asleep' }],
    [0, 0, { notReadyBecause: 'old' }, { state: 'asleep' }],
    [0, 0, { updating: true }, { state: 'asleep' }],
    [2, 1, { notReadyBecause: 'no memory' }, { state: 'failing', because: 'no memory' }],
    [1, 0, { notReadyBecause: 'no memory', updating: true }, { state: 'failing', because: 'no memory' }],
    [1, 1, { updating: true }, { state: 'updating' }],
    [2, 1, { updating: true }, { state: 'updating' }],
    [1, 1, { updating: true, notReadyBecause: 'no image' }, { state: 'updating', because: 'no image' }],
    [1, 1, { notReadyBecause: 'a machine is away' }, { state: 'ready' }],
    [1, 1, { rolledBackBecause: 'it crashed' }, { state: 'ready', because: 'it crashed' }],
    [0, 0, { rolledBackBecause: 'it crashed' }, { state: 'asleep', because: 'it crashed' }],
    [2, 1, { rolledBackBecause: 'it crashed' }, { state: 'ready', because: 'it crashed' }],
    [2, 0, { rolledBackBecause: 'it crashed' }, { state: 'starting', because: 'it crashed' }],
    [2, 1, { rolledBackBecause: 'it crashed', notReadyBecause: 'no memory' }, { state: 'failing', because: 'no memory' }],
  ];

  it.each(table)('%i wanted, %i ready, %j: %j', (replicas, ready, rest, expected) => {
    expect(conditionOf({ spec, createdAt: '', replicas, ready: Array.from({ length: ready }, () => replica), ...rest })).toEqual(expected);
  });
});
