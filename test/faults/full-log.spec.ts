import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LineWriter } from '@shoal/adapters/process/line-writer';
import { describeUnlessMissing } from '../describe-with';
import { faultRow } from './fault-table';
import { SmallDisk } from './small-disk';

const disk = new SmallDisk('4m');
afterAll(() => disk.dispose());
const LINES = 3_000;

describeUnlessMissing('a log file on a full disk', disk.missing, () => {
  it('gets the lines that wait, and how many were dropped, once there is room again', async () => {
    disk.mount();
    const path = join(disk.path, 'log');
    const fd = openSync(path, 'a');
    disk.fill();
    // Its own descriptor is standard output in a process of its own; any file is written to as that is.
    const lines = new LineWriter(fd as 1);
    const text = 'x'.repeat(1_000);
    for (let i = 0; i < LINES; i++) {
      lines.write(`${i} ${text}`);
      if (i % 100 === 0) lines.flush();
    }
    lines.flush();
    expect(readFileSync(path, 'utf8')).toBe('');
    disk.makeRoom();
    const deadlineMs = Date.now() + 30_000;
    while (!readFileSync(path, 'utf8').includes('dropped')) {
      if (Date.now() > deadlineMs) throw new Error('what was dropped is not told');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    closeSync(fd);
    const written = readFileSync(path, 'utf8').trimEnd().split('\n');
    const dropped = Number(/^(\d+) lines were dropped/.exec(written.at(-1)!)?.[1]);
    expect(written.slice(0, -1).map((line) => parseInt(line))).toEqual(Array.from({ length: LINES - dropped }, (_, i) => i));
    faultRow({ area: 'disk', done: 'the disk of the log file full, and room again', times: `${LINES} lines`, lost: `${dropped} lines, and the log says how many`, seen: `${LINES - dropped} lines kept and written then` });
  });
});
