import type { FunctionStatus } from '../api/function-status';
import { progressOf } from './progress-of';

const base: FunctionStatus = { name: 'fn', namespace: 'n', image: 'i', labels: {}, annotations: {}, replicas: 3, availableReplicas: 3, createdAt: '2026-01-01T00:00:00Z' };
const progress = (part: Partial<FunctionStatus>, updates = false) => progressOf({ ...base, ...part }, { name: 'fn', updates });
const states = ({ steps }: ReturnType<typeof progressOf>) => steps.map(({ state }) => state).join(' ');

describe('progressOf()', () => {
  it('waits for a function that nobody knows yet', () => {
    expect(progressOf(undefined, { name: 'fn', updates: false })).toMatchObject({ title: 'Deploying fn…' });
  });

  it('counts replicas until all are there, though calls are taken before', () => {
    const none = progress({ availableReplicas: 0 });
    expect([none.title, none.steps[1]!.text, states(none), none.outcome]).toEqual(['Deploying fn…', '0 of 3 replicas started', 'done doing waiting', undefined]);
    const one = progress({ availableReplicas: 1 });
    expect([one.title, states(one), one.outcome]).toEqual(['Deploying fn…', 'done doing done', undefined]);
    const all = progress({});
    expect([all.title, states(all), all.outcome]).toEqual(['fn is ready', 'done done done', 'good']);
  });

  it('is over for one that is deleted meanwhile', () => {
    const { title, outcome, stuck } = progressOf(base, { name: 'fn', updates: true, gone: true });
    expect([title, outcome, stuck]).toEqual(['fn was deleted', 'gone', undefined]);
  });

  it('is over for one that begins asleep', () => {
    expect(progress({ replicas: 0, availableReplicas: 0 })).toMatchObject({ title: 'fn is deployed', outcome: 'good' });
  });

  it('says why it does not get on', () => {
    const failing = progress({ availableReplicas: 0, notReadyBecause: 'no such image' });
    expect(failing).toMatchObject({ title: 'fn does not get on', stuck: 'no such image', meanwhile: expect.stringContaining('tried again') });
    expect([states(failing), failing.outcome]).toEqual(['done wrong waiting', undefined]);
  });

  it('tells that the version before serves on, while an update goes on, is stuck, or was taken back', () => {
    expect(progress({ updating: true }, true)).toMatchObject({ title: 'Updating fn…', steps: [{}, { state: 'doing', text: expect.stringContaining('serves on') }, { state: 'waiting' }] });
    expect(progress({ updating: true, notReadyBecause: 'ended' }, true)).toMatchObject({ stuck: 'ended', meanwhile: 'The version before serves on.' });
    expect(progress({ updating: true, availableReplicas: 0, notReadyBecause: 'ended' }, true).meanwhile).toContain('tried again');
    expect(progress({ rolledBackBecause: 'never ready' }, true)).toMatchObject({ title: 'fn was not updated', stuck: 'never ready', outcome: 'bad' });
  });
});
