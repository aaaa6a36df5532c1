import { FakeClock } from '@shoal/domain/testing/fake-clock';
import type { Credentials } from '../credentials';
import { Authenticator } from './authenticate';
import { Sessions } from './sessions';

const GUESS = { user: 'admin', password: 'guess' };
const OWNER = { user: 'admin', password: 'right' };

describe('Authenticator', () => {
  it('lets the owner sign in first while all networks of an IPv6 /48 guess', async () => {
    let answer: (right: boolean) => void = () => undefined;
    const checked = new Promise<boolean>((resolve) => (answer = resolve));
    const credentials = { areKnown: () => false, areRight: (_: string, password: string) => (password === 'right' ? Promise.resolve(true) : checked) };
    const authenticator = new Authenticator(credentials as unknown as Credentials, new Sessions(new FakeClock()));
    const guesses = Array.from({ length: 300 }, (_, i) => authenticator.areRight(GUESS, `2001:db8:1:${i.toString(16)}::1`).then(() => 'checked', () => 'refused'));
    await expect(authenticator.areRight(OWNER, '2001:db8:2::1')).resolves.toBe(true);
    await expect(authenticator.areRight(OWNER, '192.0.2.1')).resolves.toBe(true);
    answer(false);
    const answers = await Promise.all(guesses);
    expect(answers.filter((each) => each === 'checked')).toHaveLength(65);
  });
});
