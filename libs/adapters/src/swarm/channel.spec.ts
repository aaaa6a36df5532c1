import { Channel } from './channel';

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('Channel', () => {
  it('gives what all writers put, each one in order, and lets none run ahead', async () => {
    const channel = new Channel<string>();
    let put = 0;
    const write = async (name: string) => {
      for (let i = 0; i < 3; i++) {
        await channel.put(`${name}${i}`);
        put++;
      }
    };
    void Promise.all([write('a'), write('b')]).then(() => channel.close());
    await settled();
    expect(put).toBe(0);
    const values: string[] = [];
    for await (const value of channel.read()) {
      values.push(value);
      await settled();
      expect(put).toBeLessThanOrEqual(values.length);
    }
    expect(values.filter((value) => value.startsWith('a'))).toEqual(['a0', 'a1', 'a2']);
    expect(values.filter((value) => value.startsWith('b'))).toEqual(['b0', 'b1', 'b2']);
  });

  it('ends at once when it is closed, also while it waits', async () => {
    const channel = new Channel<string>();
    const waiting = channel.read().next();
    channel.close();
    await expect(waiting).resolves.toMatchObject({ done: true });
    void channel.put('too late');
    await expect(channel.read().next()).resolves.toMatchObject({ done: true });
  });

  it('rejects with the first error it is closed with', async () => {
    const channel = new Channel<string>();
    channel.close(new Error('first'));
    channel.close(new Error('second'));
    await expect(channel.read().next()).rejects.toThrow('first');
  });
});
