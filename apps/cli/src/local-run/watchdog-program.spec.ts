import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchdogProgram } from './watchdog-program';

// Beside the sources there is no script.
it('watchdogProgram() looks into PATH where there is no script beside it, and rejects where there is none either', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-watchdog-'));
  await expect(watchdogProgram({ PATH: folder })).rejects.toMatchObject({ reason: 'missing' });
  for (const name of ['fwatchdog', 'shoal-watchdog']) {
    writeFileSync(join(folder, name), '', { mode: 0o755 });
    expect(await watchdogProgram({ PATH: folder })).toEqual([join(folder, name)]);
  }
  rmSync(folder, { recursive: true });
});
