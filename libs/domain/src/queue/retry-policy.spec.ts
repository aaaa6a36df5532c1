import fc from 'fast-check';
import type { StoredAnswer } from './queued-call';
import { nextStep, overdue, parseConcurrency, parseRetryPolicy, type Attempt } from './retry-policy';

const policy = parseRetryPolicy({});
const at = { nowMs: 1_000_000, random: 1 };
const record = (attempts: number, refusals = 0) => ({ attempts, refusals, acceptedMs: at.nowMs });
const answered = (status: number, headers: readonly string[] = []): Attempt => ({ kind: 'answered', answer: { status, headers, body: new Uint8Array(0) } satisfies StoredAnswer });
const failed = (code: Extract<Attempt, { kind: 'failed' }>['code'], retryAfterSeconds?: number): Attempt => ({ kind: 'failed', code, message: 'x', ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) });

describe('parseRetryPolicy()', () => {
  it('has defaults, and takes what the annotations say', () => {
    expect(policy).toEqual({ attempts: 5, codes: [408, 429, 500, 502, 503, 504], minWaitMs: 1_000, maxWaitMs: 120_000, deadlineMs: 86_400_000 });
    const annotations = { attempts: '0', codes: '500, 404', min_wait: '5m', max_wait: '10m', deadline: '1h' };
    expect(parseRetryPolicy(Object.fromEntries(Object.entries(annotations).map(([name, value]) => [`com.openfaas.retry.${name}`, value])))).toEqual({
      attempts: 0, codes: [500, 404], minWaitMs: 300_000, maxWaitMs: 600_000, deadlineMs: 3_600_000,
    }); // prettier-ignore
    expect(parseRetryPolicy({ 'com.openfaas.retry.min_wait': '5m' })).toMatchObject({ minWaitMs: 300_000, maxWaitMs: 300_000 });
    expect(parseConcurrency({})).toBe(100);
    expect(parseConcurrency({ 'com.openfaas.async.concurrency': '3' })).toBe(3);
  });

  it.each([
    ['com.openfaas.retry.attempts', 'many'],
    ['com.openfaas.retry.attempts', '101'],
    ['com.openfaas.retry.codes', '200'],
    ['com.openfaas.retry.codes', '5xx'],
    ['com.openfaas.retry.min_wait', '-1s'],
    ['com.openfaas.retry.min_wait', '0'],
    ['com.openfaas.retry.max_wait', '10ms'],
    ['com.openfaas.retry.deadline', 'soon'],
  ])('rejects %s=%s and names it', (name, value) => {
    expect(() => parseRetryPolicy({ [name]: value })).toThrow(/annotations\.com\.openfaas\.retry\.\w+ /);
    expect(() => parseConcurrency({ 'com.openfaas.async.concurrency': '0' })).toThrow(/async\.concurrency must be/);
  });
});

describe('nextStep()', () => {
  it.each([200, 204, 302])('takes %d for success', (status) => expect(nextStep(policy, record(1), answered(status), at)).toEqual({ kind: 'succeeded' }));
  it.each([400, 404, 501])('does not try %d again', (status) => expect(nextStep(policy, record(1), answered(status), at)).toEqual({ kind: 'failed' }));
  it.each(['function-not-found', 'invalid-request'] as const)('does not try %s again', (code) => expect(nextStep(policy, record(1), failed(code), at)).toEqual({ kind: 'failed' }));

  it('doubles the wait, with full jitter, up to the longest', () => {
    const waits = (random: number) => [1, 2, 3, 4, 5].map((n) => (nextStep({ ...policy, maxWaitMs: 5_000 }, record(n), answered(500), { ...at, random }) as { atMs: number }).atMs - at.nowMs);
    expect(waits(1)).toEqual([1_000, 2_000, 4_000, 5_000, 5_000]);
    expect(waits(0)).toEqual([0, 0, 0, 0, 0]);
    expect(waits(0.5)).toEqual([500, 1_000, 2_000, 2_500, 2_500]);
  });

  it('gives up after the attempts that there are', () => {
    expect(nextStep(policy, record(5), answered(500), at)).toMatchObject({ kind: 'retry', counts: true });
    expect(nextStep(policy, record(6), answered(500), at)).toEqual({ kind: 'failed' });
    expect(nextStep({ ...policy, attempts: 0 }, record(1), failed('replica-failed'), at)).toEqual({ kind: 'failed' });
  });

  it.each([answered(429), failed('over-capacity'), failed('shutting-down'), failed('replica-unreachable'), failed('not-ready')])('does not count an attempt that was refused', (attempt) => {
    expect(nextStep(policy, record(50, 49), attempt, at)).toMatchObject({ kind: 'retry', counts: false });
    expect(nextStep(policy, record(7, 2), answered(500), at)).toMatchObject({ kind: 'retry' });
    expect(nextStep(policy, record(8, 2), answered(500), at)).toEqual({ kind: 'failed' });
  });

  it('does not come back before it is asked to, in seconds or at a date', () => {
    expect(nextStep(policy, record(1), answered(503, ['retry-after', '30']), { ...at, random: 0 })).toMatchObject({ atMs: at.nowMs + 30_000 });
    const date = new Date(at.nowMs + 60_000).toUTCString();
    expect(nextStep(policy, record(1), answered(503, ['Retry-After', date]), { ...at, random: 0 })).toMatchObject({ atMs: at.nowMs + 60_000 });
    expect(nextStep(policy, record(1), answered(503, ['Retry-After', 'later']), { ...at, random: 0 })).toMatchObject({ atMs: at.nowMs });
    expect(nextStep(policy, record(1), failed('over-capacity', 7), { ...at, random: 0 })).toMatchObject({ atMs: at.nowMs + 7_000 });
    expect(nextStep(policy, record(1), answered(503, ['Retry-After', '999999999']), { ...at, random: 0 })).toMatchObject({ atMs: at.nowMs + 3_600_000 });
  });

  it('counts the time of a call that was sent again from then', () => {
    const old = { ...record(1), acceptedMs: 0, redrivenMs: at.nowMs };
    expect(nextStep({ ...policy, deadlineMs: 5_000 }, old, answered(500), at)).toMatchObject({ kind: 'retry' });
    expect(overdue(policy, { ...old, redrivenMs: undefined as never }, at.nowMs + policy.deadlineMs)).toBeDefined();
  });

  it('never waits beyond the deadline, and always ends', () => {
    expect(nextStep({ ...policy, deadlineMs: 500 }, record(1), answered(500), at)).toEqual({ kind: 'failed' });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), fc.nat(1_000), fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(200, 400, 429, 500, 503), (attempts, refusals, random, status) => {
        const next = nextStep(policy, record(attempts, Math.min(refusals, attempts - 1)), answered(status), { ...at, random });
        if (next.kind === 'retry') {
          expect(next.atMs).toBeGreaterThanOrEqual(at.nowMs);
          expect(next.atMs).toBeLessThan(at.nowMs + policy.deadlineMs);
        }
      }),
    );
  });
});

describe('overdue()', () => {
  it('says why a call is not begun any more', () => {
    expect(overdue(policy, record(1), at.nowMs)).toBeUndefined();
    expect(overdue(policy, record(1), at.nowMs + policy.deadlineMs)).toMatchObject({ code: 'expired' });
    expect(overdue(policy, record(6), at.nowMs)).toBeUndefined();
    expect(overdue(policy, record(7), at.nowMs)).toMatchObject({ code: 'abandoned' });
  });
});
