// Container images made of what this machine has, for engines that cannot reach a registry: programs with the libraries
// that they load, and a busybox for a shell.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { dockerProgram } from './swarm-lab.mjs';

/** Who owns what in the image; `app` is for images that are not to run as root. */
const PASSWD = 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/home/app:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n';
const GROUP = 'root:x:0:\napp:x:1000:\nnogroup:x:65534:\n';
/** Without it, `localhost` would be asked of a name server. */
const NSSWITCH = 'hosts: files dns\n';
const FOLDERS = ['bin', 'usr/bin', 'usr/local/bin', 'etc', 'home/app', 'root', 'var', 'run', 'proc', 'sys', 'dev'];

/**
 * Makes the image `name` in the engine behind `socket`: a busybox with `programs`, each a path on this machine or
 * `[from, to]`, and their libraries. `changes` are lines of a Dockerfile. Needs Debian's `busybox`.
 */
export async function makeBaseImage(socket, name, programs = [], changes = []) {
  await inFolder(async (folder) => {
    layOut(folder);
    for (const program of programs) addProgram(folder, program);
    await send(folder, socket, ['import', ...changes.flatMap((change) => ['--change', change]), '-', name]);
  });
}

/** Makes the image `name`: the image `base`, and above it `programs` and `changes` as for `makeBaseImage`. */
export async function extendImage(socket, name, base, programs = [], changes = []) {
  await inFolder(async (folder) => {
    mkdirSync(join(folder, 'files'));
    for (const program of programs) addProgram(join(folder, 'files'), program);
    writeFileSync(join(folder, 'Dockerfile'), [`FROM ${base}`, 'COPY files /', ...changes, ''].join('\n'));
    await send(folder, socket, ['build', '--tag', name, '-']);
  });
}

function layOut(folder) {
  for (const name of FOLDERS) mkdirSync(join(folder, name), { recursive: true });
  mkdirSync(join(folder, 'tmp'));
  chmodSync(join(folder, 'tmp'), 0o1777);
  writeFileSync(join(folder, 'etc/passwd'), PASSWD);
  writeFileSync(join(folder, 'etc/group'), GROUP);
  writeFileSync(join(folder, 'etc/nsswitch.conf'), NSSWITCH);
  addProgram(folder, '/bin/busybox');
  const applets = execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n');
  for (const applet of applets) if (applet !== 'busybox') symlinkSync('busybox', join(folder, 'bin', applet));
  // Where scripts look for it.
  symlinkSync('../../bin/busybox', join(folder, 'usr/bin/env'));
}

function addProgram(folder, program) {
  const [from, to] = typeof program === 'string' ? [program, program] : program;
  copy(folder, from, to);
  for (const library of librariesOf(from)) copy(folder, library, library);
}

/** As the machine's own loader finds them; none for a program that is linked statically, or is a script. */
function librariesOf(program) {
  let text;
  try {
    text = execFileSync('ldd', [program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return [];
  }
  return [...text.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path]) => path);
}

function copy(folder, from, to) {
  mkdirSync(dirname(join(folder, to)), { recursive: true });
  cpSync(realpathSync(from), join(folder, to), { force: true });
}

/** Sends the folder as an archive to a command of the engine's client. */
function send(folder, socket, args) {
  const tar = spawn('tar', ['-C', folder, '--numeric-owner', '--owner=0', '--group=0', '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const client = spawn(dockerProgram(), ['-H', `unix://${socket}`, ...args], { stdio: [tar.stdout, 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [client.stdout, client.stderr]) stream.on('data', (chunk) => (output += chunk));
  return new Promise((resolve, reject) => {
    for (const child of [tar, client]) child.on('error', reject);
    client.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`docker ${args.join(' ')} failed: ${output.trim()}`))));
  });
}

async function inFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-image-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
