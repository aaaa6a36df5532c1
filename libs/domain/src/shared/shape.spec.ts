import { isAmount, isCount, isFlag, isText, listOf, mapOf, optional, shape, variantOf } from './shape';

describe('checks of values', () => {
  it.each([
    ['isText', isText, ['', 'a'], [undefined, null, 1, ['a']]],
    ['isFlag', isFlag, [true, false], [undefined, 0, 'true']],
    ['isAmount', isAmount, [0, 1.5, 1e300], [-1, NaN, Infinity, '1', undefined]],
    ['isCount', isCount, [0, 7], [-1, 1.5, 1e300, NaN, '7', undefined]],
    ['optional()', optional(isText), [undefined, 'a'], [null, 1]],
    ['listOf()', listOf(isCount), [[], [1, 2]], [[1, 'a'], { length: 0 }, 'ab', null]],
    ['mapOf()', mapOf(isCount), [{}, { a: 1 }], [{ a: 'b' }, null, 'a']],
    ['shape()', shape({ name: isText, size: optional(isCount) }), [{ name: 'a' }, { name: 'a', size: 1, more: {} }], [{}, { name: 'a', size: -1 }, null, 'name', Object.create({ name: 'a' })]],
    ['variantOf()', variantOf('kind', { a: shape({ size: isCount }), b: () => true }), [{ kind: 'a', size: 1 }, { kind: 'b' }], [{ kind: 'a' }, { kind: 'c' }, { kind: 'toString' }, {}, null]],
  ])('%s takes what it should, and nothing else', (_name, check, right, wrong) => {
    expect(right.filter((value) => !check(value))).toEqual([]);
    expect(wrong.filter((value) => check(value))).toEqual([]);
  });
});
