import { findFunction } from './find-function';
import type { StoreFunction } from './store-function';

const named = (name: string, title: string): StoreFunction => ({ name, title, description: '', images: {}, readOnlyRootFilesystem: false, environment: {}, labels: {}, annotations: {} });
const store = [named('figlet', 'Big letters'), named('nslookup', 'Names'), named('names', 'figlet')];

it('findFunction() finds by exact name, else by exact title', () => {
  expect(findFunction(store, 'figlet')).toBe(store[0]);
  expect(findFunction(store, 'Big letters')).toBe(store[0]);
});

it('findFunction() of an unknown name suggests the nearest', () => {
  expect(() => findFunction(store, 'figlit')).toThrow(expect.objectContaining({ reason: 'notFound', hint: 'did you mean figlet?' }));
  expect(() => findFunction(store, 'qr')).toThrow(expect.objectContaining({ reason: 'notFound', hint: 'shoal store list shows what there is' }));
});
