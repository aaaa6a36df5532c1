import type { FunctionChange, FunctionProvider, FunctionState } from '@shoal/domain/functions/function-provider';
import type { FunctionSpecInput } from '@shoal/domain/functions/function-spec';
import { aFunction } from '@shoal/domain/testing/function-spec';

const PATIENCE_MS = 50_000;
const id = { name: 'fn', namespace: 'ns' };
/** Something that every backend of a test can run. */
const runnable = (rest: Partial<FunctionSpecInput> = {}) => aFunction(rest.service ?? 'fn', { envProcess: 'cat', ...rest });
const scale = (labels: Record<string, string>) =>
  Object.fromEntries(Object.entries(labels).map(([name, value]) => [`com.openfaas.scale.${name}`, value]));

/** Resolves with the function's state once `condition` holds for it. */
export async function stateOf(provider: FunctionProvider, condition: (state: FunctionState) => boolean): Promise<FunctionState> {
  let stop: () => void = () => undefined;
  const state = await new Promise<FunctionState>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the state did not come about')), PATIENCE_MS);
    const listener = (change: FunctionChange) => {
      if (change.kind !== 'present' || change.state.spec.id.name !== id.name || !condition(change.state)) return;
      clearTimeout(timer);
      resolve(change.state);
    };
    void provider.watch(listener).then((stopWatching) => (stop = stopWatching));
  });
  stop();
  return state;
}

/** What every `FunctionProvider` does. */
export function describeFunctionProvider(name: string, create: () => Promise<FunctionProvider>): void {
  describe(`${name} as a FunctionProvider`, () => {
    let provider: FunctionProvider;
    beforeEach(async () => {
      provider = await create();
    });

    it('apply() starts as many replicas as the policy asks for at least', async () => {
      await provider.apply(runnable({ labels: scale({ min: '2' }) }));
      const state = await stateOf(provider, ({ ready }) => ready.length === 2);
      expect(state).toMatchObject({ replicas: 2, spec: { image: 'fn' } });
      expect(new Set(state.ready.map((replica) => replica.id)).size).toBe(2);
      expect(new Date(state.createdAt).toISOString()).toBe(state.createdAt);
    });

    it('apply() replaces a function, and keeps its count within the new bounds', async () => {
      await provider.apply(runnable({ envVars: { A: '1' } }));
      await provider.scale(id, 5);
      const { createdAt } = (await provider.find(id))!;
      await provider.apply(runnable({ labels: scale({ max: '3' }) }));
      await expect(provider.find(id)).resolves.toMatchObject({ replicas: 3, createdAt, spec: { envVars: {} } });
      await stateOf(provider, ({ ready }) => ready.length === 3);
    });

    it('scale() is seen at once, and comes about', async () => {
      await provider.apply(runnable());
      await provider.scale(id, 3);
      await expect(provider.find(id)).resolves.toMatchObject({ replicas: 3 });
      await stateOf(provider, ({ ready }) => ready.length === 3);
      await provider.scale(id, 0);
      await expect(provider.find(id)).resolves.toMatchObject({ replicas: 0, ready: [] });
      await provider.scale(id, 1);
      await stateOf(provider, ({ ready }) => ready.length === 1);
    });

    it('scale() of an unknown function rejects with function-not-found', async () => {
      await expect(provider.scale(id, 1)).rejects.toMatchObject({ code: 'function-not-found' });
    });

    it('remove() removes, and is content when there is nothing to remove', async () => {
      await provider.apply(runnable());
      await provider.remove(id);
      await provider.remove(id);
      await expect(provider.find(id)).resolves.toBeUndefined();
    });

    it('a function that was removed can come again', async () => {
      await provider.apply(runnable());
      const first = await stateOf(provider, ({ ready }) => ready.length === 1);
      await provider.remove(id);
      await provider.apply(runnable());
      const second = await stateOf(provider, ({ ready }) => ready.length === 1);
      expect(second.ready[0]!.id).not.toBe(first.ready[0]!.id);
    });

    it('list() has the functions of one namespace, by name', async () => {
      await provider.apply(runnable({ service: 'b' }));
      await provider.apply(runnable({ service: 'a' }));
      await provider.apply(runnable({ service: 'c', namespace: 'other' }));
      expect((await provider.list('ns')).map(({ spec }) => spec.id.name)).toEqual(['a', 'b']);
      await expect(provider.list('nowhere')).resolves.toEqual([]);
    });

    it('watch() tells what is there, then what changes, until it is stopped', async () => {
      await provider.apply(runnable());
      await stateOf(provider, ({ ready }) => ready.length === 1);
      const changes: FunctionChange[] = [];
      const stop = await provider.watch((change) => changes.push(change));
      expect(changes).toMatchObject([{ kind: 'present', state: { spec: { id } } }]);
      await provider.remove(id);
      expect(changes.at(-1)).toEqual({ kind: 'removed', id });
      stop();
      const told = changes.length;
      await provider.apply(runnable());
      expect(changes).toHaveLength(told);
    });
  });
}
