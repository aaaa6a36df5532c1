import { aFunction } from '../testing/function-spec';
import { CallCountReport, CallCountSums, noteElsewhere } from './elsewhere';
import { ReplicaDirectory, type Waiter } from './replica-directory';

const key = 'fn.ns';
const aWaiter = (): Waiter => ({ look: () => undefined, removed: () => undefined });

function aProcess(id: number, sums: CallCountSums) {
  const directory = new ReplicaDirectory();
  const ready = ['r1', 'r2'].map((replica) => ({ id: replica, baseUrl: `http://${replica}`, maxInflight: 10 }));
  directory.apply({ kind: 'present', state: { spec: aFunction('fn'), createdAt: '', replicas: 2, ready } });
  const report = new CallCountReport(directory);
  const entry = directory.find(key)!;
  return {
    entry,
    report: (keys: readonly string[] = []) => {
      const told = report.take(keys);
      sums.tell(id, told);
      return told.length;
    },
    hear: () => noteElsewhere(directory, sums.elsewhere(id, key)),
  };
}

describe('CallCountSums and noteElsewhere()', () => {
  it('tell each process what the others have, and take it back', () => {
    const sums = new CallCountSums();
    const [a, b, c] = [1, 2, 3].map((id) => aProcess(id, sums));
    const slots = [a!.entry.take()!, a!.entry.take()!, b!.entry.take()!];
    c!.entry.waiting.add(aWaiter());
    for (const one of [a!, b!, c!]) one.report([key]);
    expect(sums.takeChanged()).toEqual([key]);
    for (const one of [a!, b!, c!]) one.hear();
    expect([a!, b!, c!].map(({ entry }) => entry.callCount)).toEqual([4, 4, 4]);
    expect([a!, b!, c!].map(({ entry }) => entry.waitingCount)).toEqual([1, 1, 1]);

    for (const slot of slots.slice(0, 2)) a!.entry.giveBack(slot);
    a!.report([key]);
    sums.leave(3);
    for (const one of [a!, b!]) one.hear();
    expect([a!, b!].map(({ entry }) => entry.callCount)).toEqual([1, 1]);
  });

  it('let the replica be chosen that has the fewest calls of all processes', () => {
    const sums = new CallCountSums();
    const [a, b] = [1, 2].map((id) => aProcess(id, sums));
    a!.entry.take();
    a!.entry.take();
    const second = a!.entry.take()!.replica.id;
    a!.report([key]);
    b!.hear();
    expect(b!.entry.take()!.replica.id).not.toBe(second);
  });
});

describe('CallCountReport', () => {
  it('tells what has changed only, also of calls that have merely moved on', () => {
    const a = aProcess(1, new CallCountSums());
    const waiter = aWaiter();
    a.entry.waiting.add(waiter);
    expect([a.report([key]), a.report([key]), a.report()]).toEqual([1, 0, 0]);
    a.entry.waiting.delete(waiter);
    const slot = a.entry.take()!;
    expect([a.report(), a.report()]).toEqual([1, 0]);
    a.entry.giveBack(slot);
    expect([a.report([key]), a.report([key])]).toEqual([1, 0]);
  });
});
