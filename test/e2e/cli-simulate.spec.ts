import { Cli } from './cli-process';

describe('shoal simulate', () => {
  const cli = new Cli();

  afterAll(() => cli.dispose());

  it('tells how far it is, and ends on Ctrl-C', async () => {
    const running = cli.start(['simulate', '--duration=100h', '--peak=1000', '--functions=100']);
    await running.says(/second \d+ of 360000/);
    running.signal('SIGINT');
    const timer = setTimeout(() => running.signal('SIGKILL'), 5_000);
    expect(await running.ended).toMatchObject({ code: 130, stdout: '', stderr: expect.stringContaining('Interrupted.') });
    clearTimeout(timer);
  });
});
