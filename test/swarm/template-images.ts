import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { extendImage } from '../engine/stand-ins';
import { BASE_IMAGE, type TestEngine } from './describe-on-engine';

const runFile = promisify(execFile);
const root = join(__dirname, '../..');
const EXECUTABLE = 0o755;

/** What Dockerfiles of templates can begin with, where no registry has their own: a busybox with Node and bash. */
export const TEMPLATE_BASE = 'shoal-test/template-base:latest';
/** The one that templates take the watchdog from, unless told otherwise. */
const WATCHDOG_FILES = 'shoal/watchdog';

/** Makes both images on the engine. Of the watchdog's forms there are those for this machine and for Node. */
export async function makeTemplateImages({ socket, host }: TestEngine): Promise<void> {
  await Promise.all([extendImage(socket, TEMPLATE_BASE, BASE_IMAGE, ['/bin/bash'], []), makeWatchdogImage(host)]);
}

async function makeWatchdogImage(host: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-watchdog-image-'));
  try {
    const files = join(folder, 'host');
    mkdirSync(files);
    copyFileSync(process.env['SHOAL_TEST_WATCHDOG']!, join(files, 'fwatchdog'));
    writeFileSync(join(files, 'fwatchdog-node'), `#!/usr/bin/env node\n${readFileSync(join(root, 'dist/watchdog/main.cjs'), 'utf8')}`, { mode: EXECUTABLE });
    await runFile('docker', ['-H', host, 'build', '--file', join(root, 'deploy/docker/watchdog.Dockerfile'), '--build-arg', 'HOST_ARCH=host', '--tag', WATCHDOG_FILES, folder]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
