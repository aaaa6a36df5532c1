import { connectionRoom } from './connection-room';

describe('connectionRoom', () => {
  it.each([
    [200, 68],
    [1_024, 480],
    [50, 16],
    [Infinity, Infinity],
  ])('of %d open files is for %d connections', (limit, connections) => {
    expect(connectionRoom(() => undefined, limit).connections).toBe(connections);
  });

  it('knows the limit of this process', () => {
    expect(connectionRoom(() => undefined).connections).toBeGreaterThan(0);
  });

  it('says that connections are refused once, not for each', () => {
    const said: string[] = [];
    const room = connectionRoom((text) => said.push(text), 1_024);
    for (let i = 0; i < 1_000; i++) room.refused();
    expect(said).toEqual(['connections are refused (1): 480 are open, which is what 1024 open files are enough for; raise that limit (ulimit -n)']);
  });
});
