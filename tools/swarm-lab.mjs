// Docker engines of our own for tests: each in a network, process and mount namespace of its own, joined by a bridge
// that leads nowhere else. What an engine does (iptables, mounts, processes) ends with it.
import { execFile, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

const runFile = promisify(execFile);
const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 25;
/** So long an engine that was killed is away. */
const RESTART_SECONDS = 2;
/** What a shell reports of a process that SIGKILL has ended. */
const KILLED = 137;
const CGROUPS = '/sys/fs/cgroup';
const NAMESPACES = '/run/netns';
/** What each lab's folder, network namespaces and cgroups begin with; the number is of the process that made it. */
const LAB_NAME = /^shoal-lab-(\d+)-\w+/;
/** The bridge's own address is .1; nodes count up from .11. */
const SUBNET = '10.99.0';
const FIRST_NODE = 11;
const PROGRAMS = ['dockerd', 'containerd', 'runc', 'iptables', 'ip', 'nsenter', 'unshare', 'setpriv'];

/** Why no engine can be started here; `undefined` when one can. */
export function whyNoLab() {
  if (process.platform !== 'linux') return 'engines in namespaces need Linux';
  if (process.getuid() !== 0) return 'engines in namespaces need root';
  const missing = PROGRAMS.filter((program) => !findProgram(program));
  return missing.length > 0 ? `not installed: ${missing.join(', ')} (Debian: docker.io iptables iproute2 util-linux)` : undefined;
}

/** Debian's own client: it always fits the engine. */
export const dockerProgram = () => ['/usr/bin/docker', '/usr/local/bin/docker'].find((path) => findProgram(path)) ?? 'docker';

/** Some engines on one bridge. Nothing of it is left after `down`, or after this process has died. */
export class SwarmLab {
  nodes = new Map();

  /** Makes the bridge, after it has cleared away what labs of dead processes have left. Needs `whyNoLab()` to be undefined. */
  static async create() {
    await clearLeftovers((name) => isOfDeadProcess(name));
    const lab = new SwarmLab();
    lab.folder = mkdtempSync(join(tmpdir(), `shoal-lab-${process.pid}-`));
    lab.name = basename(lab.folder);
    lab.bridge = `${lab.name}-bridge`;
    await ip('netns', 'add', lab.bridge);
    await ip('-n', lab.bridge, 'link', 'add', 'br0', 'type', 'bridge');
    await ip('-n', lab.bridge, 'addr', 'add', `${SUBNET}.1/24`, 'dev', 'br0');
    await ip('-n', lab.bridge, 'link', 'set', 'br0', 'up');
    return lab;
  }

  /** Starts a node, or starts it again after its death. Resolves with it once its engine answers. */
  async up(name, args = []) {
    let node = this.nodes.get(name);
    if (!node) {
      node = new LabNode(this, name, `${SUBNET}.${FIRST_NODE + this.nodes.size}`);
      this.nodes.set(name, node);
      await node.connect();
    }
    await node.start(args);
    return node;
  }

  /** The same end for all who ask for it. */
  down() {
    return (this.ending ??= this.clear());
  }

  async clear() {
    await Promise.all([...this.nodes.values()].map((node) => node.kill()));
    await clearLeftovers((name) => name.startsWith(this.name));
  }
}

/** One machine of the lab. */
class LabNode {
  constructor(lab, name, address) {
    this.lab = lab;
    this.name = name;
    this.address = address;
    this.netns = `${lab.name}-${name}`;
    this.folder = join(lab.folder, name);
    this.socket = join(this.folder, 'docker.sock');
    mkdirSync(this.folder, { recursive: true });
  }

  async connect() {
    const { netns, lab, address, name } = this;
    await ip('netns', 'add', netns);
    await ip('-n', netns, 'link', 'set', 'lo', 'up');
    await ip('link', 'add', 'eth0', 'netns', netns, 'type', 'veth', 'peer', 'name', `p-${name}`, 'netns', lab.bridge);
    await ip('-n', lab.bridge, 'link', 'set', `p-${name}`, 'master', 'br0', 'up');
    await ip('-n', netns, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
    await ip('-n', netns, 'link', 'set', 'eth0', 'up');
    // An engine wants a default route to tell its own address by; it leads to the bridge, and no further.
    await ip('-n', netns, 'route', 'add', 'default', 'via', `${SUBNET}.1`);
  }

  async start(args) {
    const { folder, socket, lab, name: node } = this;
    await this.heal();
    for (const name of ['docker.pid', 'docker.sock', 'exec']) rmSync(join(folder, name), { recursive: true, force: true });
    const engine = ['dockerd', '-H', `unix://${socket}`, '--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec'), '-p', join(folder, 'docker.pid'), '--cgroup-parent', `/${lab.name}/${node}`, ...args];
    // Not `ip netns exec`: that remounts /sys and hides the cgroups. The whole machine dies with us.
    const wrap = ['--pdeathsig', 'KILL', 'nsenter', `--net=/run/netns/${this.netns}`, 'unshare', '--uts', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child=SIGKILL'];
    // No name server answers, and that at once: before each task an engine looks for the image's registry.
    writeFileSync(join(folder, 'resolv.conf'), 'nameserver 127.0.0.1\n');
    // The first process of the machine starts the engine again when it was killed, as an init does; it ends with one that ends itself.
    const supervise = `while :; do "$@"; code=$?; [ $code -eq ${KILLED} ] || exit $code; sleep ${RESTART_SECONDS}; done`;
    const shell = `exec >>${folder}/log 2>&1; hostname ${node} && mount --bind ${folder}/resolv.conf "$(realpath /etc/resolv.conf)" && ${supervise}`;
    this.launcher = spawn('setpriv', [...wrap, 'sh', '-c', shell, 'sh', ...engine], { stdio: 'ignore', detached: true });
    const ended = new Promise((_, reject) => this.launcher.once('exit', (code) => reject(new Error(`the engine ended with ${code}:\n${this.logTail()}`))));
    ended.catch(() => undefined);
    await Promise.race([ended, waitFor(() => ping(socket), `the engine of ${this.name}`)]);
  }

  /** The machine's first process. */
  get init() {
    return childOf(this.launcher.pid, 'sh');
  }

  /** Of the engine itself. */
  get pid() {
    return childOf(this.init, 'dockerd');
  }

  /** Runs the command-line client; resolves with what it wrote. */
  async docker(...args) {
    const { stdout } = await runFile(dockerProgram(), ['-H', `unix://${this.socket}`, ...args], { maxBuffer: 64 * 1024 * 1024 });
    return stdout.trim();
  }

  /** Power loss: everything on it dies at once, and nothing says good-bye to others. */
  async kill() {
    if (!this.launcher || this.launcher.exitCode !== null || this.launcher.signalCode !== null) return;
    const gone = new Promise((resolve) => this.launcher.once('exit', resolve));
    await this.cut();
    process.kill(this.init, 'SIGKILL');
    await gone;
  }

  /** The engine's own process dies, and nothing else; after a while it is started again. */
  crash() {
    process.kill(this.pid, 'SIGKILL');
  }

  /** The engine ends in its own way. */
  async stop() {
    const gone = new Promise((resolve) => this.launcher.once('exit', resolve));
    process.kill(this.pid, 'SIGTERM');
    await gone;
  }

  /** Pulls the network cable; `heal` plugs it in again. */
  cut() {
    return ip('-n', this.lab.bridge, 'link', 'set', `p-${this.name}`, 'down');
  }

  heal() {
    return ip('-n', this.lab.bridge, 'link', 'set', `p-${this.name}`, 'up');
  }

  /** Stops the engine's own process, and nothing else, from running; `thaw` lets it go on. */
  freeze() {
    process.kill(this.pid, 'SIGSTOP');
  }

  thaw() {
    process.kill(this.pid, 'SIGCONT');
  }

  /** All processes of the machine, by the host's ids. */
  pids() {
    const space = readlinkSync(`/proc/${this.init}/ns/pid`);
    return readdirSync('/proc').filter((id) => /^\d+$/.test(id) && linkOf(`/proc/${id}/ns/pid`) === space).map(Number);
  }

  logTail() {
    return spawnSync('tail', ['-n', '20', join(this.folder, 'log')], { encoding: 'utf8' }).stdout;
  }
}

/** Cgroups outlive the processes in them; namespaces and folders may outlive who has made them. */
async function clearLeftovers(isTheirs) {
  const controllers = existsSync(join(CGROUPS, 'cgroup.procs')) ? [CGROUPS] : namesIn(CGROUPS).map((name) => join(CGROUPS, name));
  const inFolder = (folder) => namesIn(folder).filter(isTheirs).map((name) => join(folder, name));
  for (const path of controllers.flatMap(inFolder)) await clear(path, () => removeCgroup(path));
  for (const path of inFolder(NAMESPACES)) await clear(path, () => ip('netns', 'del', basename(path)));
  for (const path of inFolder(tmpdir())) await clear(path, () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }));
}

/** Another lab may be clearing the same; what is still ending is left to the next one. */
async function clear(path, remove) {
  try {
    await remove();
  } catch (error) {
    if (error.code !== 'EBUSY' && existsSync(path)) throw error;
  }
}

function isOfDeadProcess(name) {
  const pid = LAB_NAME.exec(name)?.[1];
  return pid !== undefined && !existsSync(`/proc/${pid}`);
}

/** From the leaves up; their files go with them. */
function removeCgroup(path) {
  for (const entry of readdirSync(path, { withFileTypes: true })) if (entry.isDirectory()) removeCgroup(join(path, entry.name));
  rmdirSync(path);
}

function namesIn(folder) {
  return existsSync(folder) ? readdirSync(folder) : [];
}

async function ip(...args) {
  await runFile('ip', args);
}

function ping(socketPath) {
  return new Promise((resolve) => {
    const asked = request({ socketPath, path: '/_ping', timeout: 1_000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asked.on('error', () => resolve(false)).on('timeout', () => asked.destroy());
    asked.end();
  });
}

/** Rejects when `condition` has not come true in time. */
export async function waitFor(condition, what, timeoutMs = READY_TIMEOUT_MS) {
  for (const endMs = Date.now() + timeoutMs; Date.now() < endMs; await new Promise((resolve) => setTimeout(resolve, POLL_MS))) {
    if (await condition()) return;
  }
  throw new Error(`${what} was not there after ${timeoutMs / 1_000} s`);
}

/** The one that runs `program`. */
function childOf(pid, program) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  const found = children.find((id) => readFileSync(`/proc/${id}/comm`, 'utf8').trim() === program);
  if (found === undefined) throw new Error(`${pid} has no ${program}`);
  return Number(found);
}

function linkOf(path) {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function findProgram(program) {
  return spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program]).status === 0;
}
