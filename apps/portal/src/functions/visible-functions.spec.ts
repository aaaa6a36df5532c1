import type { FunctionSummary } from '../live/summary';
import { visibleFunctions, type View } from './visible-functions';

const VIEW: View = { search: '', namespace: '', state: '', sort: 'name', descending: false };

function fn(name: string, more: Partial<FunctionSummary> = {}): FunctionSummary {
  const namespace = more.namespace ?? 'fn';
  const none = { replicas: 1, availableReplicas: 1, invocationCount: 0, callsPerSecond: 0, inFlight: 0, waiting: 0 };
  return { key: `${name}.${namespace}`, name, namespace, image: 'cat', state: 'ready', createdAt: '2026-01-01T00:00:00Z', ...none, ...more };
}

const ALL = [
  fn('resize', { image: 'Shop/Resize:2', callsPerSecond: 3, errorRate: 0.5 }),
  fn('echo', { callsPerSecond: 3, p95Ms: 12, lastCallAt: '2026-01-02T00:00:00Z' }),
  fn('bad', { namespace: 'dev', state: 'failing', errorRate: 0 }),
];

function names(view: Partial<View>): string[] {
  return visibleFunctions(ALL, { ...VIEW, ...view }).map(({ name }) => name);
}

describe('visibleFunctions()', () => {
  it.each<[string, Partial<View>, string[]]>([
    ['sorts by name', {}, ['bad', 'echo', 'resize']],
    ['searches names', { search: ' ECH' }, ['echo']],
    ['searches namespaces', { search: '.dev' }, ['bad']],
    ['searches images', { search: 'shop/' }, ['resize']],
    ['finds nothing', { search: 'zzz' }, []],
    ['keeps one namespace', { namespace: 'dev' }, ['bad']],
    ['keeps one state', { state: 'ready' }, ['echo', 'resize']],
    ['keeps equals in the order of their names, also downwards', { sort: 'calls', descending: true }, ['echo', 'resize', 'bad']],
    ['puts what fails first', { sort: 'state' }, ['bad', 'echo', 'resize']],
    ['puts functions without calls behind those without errors', { sort: 'errors', descending: true }, ['resize', 'bad', 'echo']],
    ['sorts by the last call', { sort: 'last', descending: true }, ['echo', 'bad', 'resize']],
  ])('%s', (_title, view, expected) => expect(names(view)).toEqual(expected));
});
