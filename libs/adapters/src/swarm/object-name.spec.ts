import { hashedObjectName, objectName } from './object-name';

/** Swarm's own rule. */
const NAME = /^[a-zA-Z0-9]([a-zA-Z0-9-_.]{0,62}[a-zA-Z0-9])?$/;

describe('objectName()', () => {
  it('is the text itself as long as it fits', () => {
    expect(objectName('db-password')).toBe('db-password');
    expect(objectName('x'.repeat(61), '.v2')).toBe(`${'x'.repeat(61)}.v2`);
  });

  it('of a text that is too long keeps the beginning and the ending, and differs between two that begin alike', () => {
    const names = ['one', 'two'].map((end) => objectName('long.'.repeat(50) + end, '.v12'));
    for (const name of names) expect(name).toMatch(NAME);
    for (const name of names) expect(name).toMatch(/^long\.long\.long.*\.v12$/);
    expect(names[0]).not.toBe(names[1]);
  });
});

describe('hashedObjectName()', () => {
  it('is never the text itself', () => {
    expect(hashedObjectName('db-password', '.v2')).toMatch(/^db-password\.[0-9a-f]{8}\.v2$/);
  });
});
