import { candidatesOf, describeFailure, failureCause, failuresSince, hasSurplus, isSettled, unplaced, type Autopsy } from './replica-state';
import type { Service, Task } from './swarm-types';

const task = (rest: Partial<Omit<Task, 'Status'>> & { Status?: Partial<Task['Status']> } = {}): Task => ({
  ID: 't1',
  ServiceID: 's1',
  CreatedAt: '2026-01-01T00:00:00Z',
  DesiredState: 'running',
  Spec: { ContainerSpec: { Image: 'i' } },
  NetworksAttachments: [
    { Network: { ID: 'other' }, Addresses: ['10.9.0.1/24'] },
    { Network: { ID: 'net' }, Addresses: ['10.0.0.7/24'] },
  ],
  ...rest,
  Status: { Timestamp: '2026-01-01T00:00:10.5Z', State: 'running', ...rest.Status },
});
const service = (replicas: number, rest: Partial<Service> = {}): Service => ({
  ID: 's1',
  Version: { Index: 1 },
  CreatedAt: '',
  UpdatedAt: '',
  Spec: { Name: 'fn', TaskTemplate: {}, Mode: { Replicated: { Replicas: replicas } } },
  ...rest,
});

describe('candidatesOf()', () => {
  it.each<[string, Task, string[]]>([
    ['running', task(), ['10.0.0.7']],
    ['starting, while its health check waits', task({ Status: { State: 'starting' } }), ['10.0.0.7']],
    ['still being prepared', task({ Status: { State: 'preparing' } }), []],
    ['running, but to be shut down', task({ DesiredState: 'shutdown' }), []],
    ['failed', task({ Status: { State: 'failed' } }), []],
    ['not on the network', task({ NetworksAttachments: [] }), []],
  ])('judges a task that is %s', (_name, one, addresses) => {
    expect(candidatesOf([one], 'net').map(({ address }) => address)).toEqual(addresses);
  });
});

describe('isSettled()', () => {
  it.each<[string, Service, Task[], number, boolean]>([
    ['asleep', service(0), [], 0, true],
    ['all there', service(1), [task()], 1, true],
    ['one too few', service(2), [task()], 1, false],
    ['there, but not ready', service(1), [task()], 0, false],
    ['one too many', service(1), [task(), task({ ID: 't2' })], 2, false],
    ['in the middle of an update', service(1, { UpdateStatus: { State: 'updating' } }), [task()], 1, false],
    ['on its way back', service(1, { UpdateStatus: { State: 'rollback_started' } }), [task()], 1, false],
    ['updated', service(1, { UpdateStatus: { State: 'completed' } }), [task()], 1, true],
  ])('judges a service that is %s', (_name, one, tasks, ready, settled) => {
    expect(isSettled(one, tasks, ready)).toBe(settled);
  });
});

describe('hasSurplus()', () => {
  it.each<[string, Service, Task[], boolean]>([
    ['as many as asked for', service(1), [task()], false],
    ['one that is to end', service(1), [task(), task({ ID: 't2', DesiredState: 'shutdown' })], false],
    ['one too many', service(1), [task(), task({ ID: 't2' })], true],
    ['one too many during an update, which starts first', service(1, { UpdateStatus: { State: 'updating' } }), [task(), task({ ID: 't2' })], false],
  ])('judges %s', (_name, one, tasks, surplus) => {
    expect(hasSurplus(one, tasks)).toBe(surplus);
  });
});

describe('failuresSince()', () => {
  const failed = (ID: string, Timestamp: string, State: Task['Status']['State'] = 'failed') => task({ ID, DesiredState: 'shutdown', Status: { State, Timestamp } });

  it('has the ends that nobody asked for, since a moment, the latest first', () => {
    const tasks = [failed('old', '2026-01-01T00:00:01Z'), failed('new', '2026-01-01T00:00:03Z', 'rejected'), failed('asked', '2026-01-01T00:00:09Z', 'shutdown')];
    expect(failuresSince(tasks, 0).map(({ ID }) => ID)).toEqual(['new', 'old']);
    expect(failuresSince(tasks, Date.parse('2026-01-01T00:00:03Z'))).toEqual([]);
  });
});

describe('unplaced()', () => {
  it('is a task that waits for a node, of which Swarm says why', () => {
    const waiting = task({ Status: { State: 'pending', Err: 'no suitable node' } });
    expect(unplaced([task(), task({ Status: { State: 'pending' } }), waiting], Date.parse(waiting.CreatedAt))).toBe(waiting);
  });

  it.each<[string, number, string, boolean]>([
    ['machines that have just gone', 9, 'no suitable node (2 nodes not available for new tasks)', false],
    ['machines that do not come back', 11, 'no suitable node (insufficient resources on 1 node; 1 node not available for new tasks)', true],
    ['what no machine has', 0, 'no suitable node (insufficient resources on 2 nodes)', true],
  ])('is one that waits for %s, after %i s: %s, %s', (_name, seconds, Err, expected) => {
    const waiting = task({ Status: { State: 'pending', Err } });
    expect(unplaced([waiting], Date.parse(waiting.CreatedAt) + seconds * 1_000) === waiting).toBe(expected);
  });
});

describe('describeFailure()', () => {
  const ended = (ExitCode: number, Limits?: { MemoryBytes: number }) =>
    task({ Spec: { ContainerSpec: { Image: 'i' }, Resources: { Limits: Limits ?? {} } }, Status: { State: 'failed', Err: `task: non-zero exit (${ExitCode})`, ContainerStatus: { ExitCode } } });
  const limit = { MemoryBytes: 64 * 2 ** 20 };

  it.each<[string, Task, Autopsy, string]>([
    ['an exit code', ended(3), { lastLines: [] }, 'its process ended with exit code 3'],
    ['its last lines', ended(3), { lastLines: ['a', 'b'] }, 'its process ended with exit code 3; its last lines: a | b'],
    ['an end that is none to a service', task({ Status: { State: 'complete' } }), { lastLines: [] }, 'its process ended with exit code 0'],
    ['memory, as the engine knows', ended(137, limit), { outOfMemory: true, lastLines: [] }, 'it ran out of memory (limit 64Mi)'],
    ['memory without a limit', ended(137), { outOfMemory: true, lastLines: [] }, 'it ran out of memory (limit of the machine)'],
    ['a kill of another kind', ended(137, limit), { outOfMemory: false, lastLines: [] }, 'it was killed (exit code 137)'],
    ['a kill on another machine', ended(137, limit), { lastLines: [] }, 'it was killed (exit code 137), as one is that reaches its memory limit of 64Mi'],
    ["Swarm's own words", task({ Status: { State: 'rejected', Err: 'No such image: x:1' } }), { lastLines: [] }, 'No such image: x:1'],
  ])('tells of %s', (_name, one, autopsy, expected) => {
    const labelled = service(1);
    const spec = { ...labelled.Spec, Labels: { 'com.openfaas.limits.memory': '64Mi' } };
    expect(describeFailure(one, { ...labelled, Spec: spec }, autopsy)).toBe(expected);
  });
});

describe('failureCause()', () => {
  it.each<[Task['Status']['State'], Autopsy, string]>([
    ['failed', { outOfMemory: true, lastLines: [] }, 'out-of-memory'],
    ['failed', { lastLines: [] }, 'ended'],
    ['complete', { outOfMemory: false, lastLines: [] }, 'ended'],
    ['rejected', { lastLines: [] }, 'not-started'],
  ])('of a %s task, %j, is %s', (State, autopsy, cause) => {
    expect(failureCause(task({ Status: { State } }), autopsy)).toBe(cause);
  });
});
