import { FakeClock } from '@shoal/domain/testing/fake-clock';
import { isTokenOf, SESSION_SECONDS, Sessions } from './sessions';

const cookie = (...ids: string[]) => ids.map((id) => `shoal_session=${id}`).join('; ');
const FORGED = 'A'.repeat(43);

describe('Sessions', () => {
  let clock: FakeClock;
  let sessions: Sessions;
  beforeEach(() => {
    clock = new FakeClock();
    sessions = new Sessions(clock);
  });

  it('.find() knows a session by its id, and nobody by another', () => {
    const { id, session } = sessions.start('admin');
    expect(sessions.find(`a=b; ${cookie(id)}`)).toMatchObject({ user: 'admin', token: session.token });
    for (const wrong of [undefined, '', cookie(FORGED), cookie(session.token), cookie(`${id}A`), `other=${id}`]) expect(sessions.find(wrong)).toBeUndefined();
  });

  it('.find() is not led astray by cookies that somebody else has set', () => {
    const { id, session } = sessions.start('admin');
    expect(sessions.find(cookie(FORGED, '', id))?.token).toBe(session.token);
  });

  it('.start() never gives two the same id or token', () => {
    const started = Array.from({ length: 20 }, () => sessions.start('admin'));
    expect(new Set(started.flatMap(({ id, session }) => [id, session.token])).size).toBe(40);
  });

  it('.find() forgets a session after 12 hours, however much it is used', () => {
    const { id } = sessions.start('admin');
    clock.advance(SESSION_SECONDS * 1_000 - 1);
    expect(sessions.find(cookie(id))).toBeDefined();
    clock.advance(1);
    expect(sessions.find(cookie(id))).toBeUndefined();
  });

  it('.start() ends the oldest when there are too many', () => {
    const [first, second, ...others] = Array.from({ length: 1_001 }, () => sessions.start('admin'));
    expect(sessions.find(cookie(first!.id))).toBeUndefined();
    for (const { id } of [second!, ...others]) expect(sessions.find(cookie(id))).toBeDefined();
  });

  it('.end() ends what the cookies name, and nothing else', () => {
    const [one, another, third] = [sessions.start('admin'), sessions.start('admin'), sessions.start('admin')];
    sessions.end(cookie(one.id, FORGED, another.id));
    sessions.end(undefined);
    expect([one, another, third].map(({ id }) => sessions.find(cookie(id)) !== undefined)).toEqual([false, false, true]);
  });
});

describe('Session.ended', () => {
  it.each<[string, (sessions: Sessions, id: string, clock: FakeClock) => void]>([
    ['is ended', (sessions, id) => sessions.end(cookie(id))],
    ['is 12 hours old', (_sessions, _id, clock) => clock.advance(SESSION_SECONDS * 1_000)],
    ['is one too many', (sessions) => Array.from({ length: 1_000 }, () => sessions.start('admin'))],
  ])('is aborted when the session %s, once', (_why, end) => {
    const clock = new FakeClock();
    const sessions = new Sessions(clock);
    const { id, session } = sessions.start('admin');
    let ended = 0;
    session.ended.addEventListener('abort', () => ended++);
    sessions.end(cookie(FORGED));
    clock.advance(1);
    expect(session.ended.aborted).toBe(false);
    end(sessions, id, clock);
    expect(session.ended.aborted).toBe(true);
    sessions.end(cookie(id));
    expect(ended).toBe(1);
  });
});

describe('isTokenOf()', () => {
  it('takes the whole token of this session, and nothing else', () => {
    const sessions = new Sessions(new FakeClock());
    const { id, session } = sessions.start('admin');
    expect(isTokenOf(session, session.token)).toBe(true);
    for (const wrong of [undefined, '', id, session.token.slice(1), `${session.token} `, [session.token], sessions.start('admin').session.token]) expect(isTokenOf(session, wrong)).toBe(false);
  });
});
