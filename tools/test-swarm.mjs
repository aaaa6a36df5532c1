// Swarms made ready for tests: the network of functions, images, and a seat on that network. Addresses of functions can be
// reached from the seat alone.
import { createServer } from 'node:http';
import { join } from 'node:path';
import { extendImage, makeBaseImage } from './base-images.mjs';
import { SwarmLab } from './swarm-lab.mjs';

export const FUNCTIONS_NETWORK = 'functions';
/** A busybox with `node`. */
export const BASE_IMAGE = 'shoal-test/base:latest';
/** The same with the watchdog, which it starts. */
export const WATCHDOG_IMAGE = 'shoal-test/watchdog:latest';

/** What may be asked to happen to a machine of the cluster. */
const ACTIONS = ['kill', 'up', 'cut', 'heal', 'crash'];

/** Makes `node` the first manager of a swarm that has the network of functions. */
export async function initSwarm(node) {
  await node.docker('swarm', 'init', '--advertise-addr', node.address);
  await node.docker('network', 'create', '--driver', 'overlay', '--attachable', '--label', 'openfaas=true', FUNCTIONS_NETWORK);
}

/** @param watchdog path of its executable. */
export async function loadImages({ socket }, watchdog) {
  await makeBaseImage(socket, BASE_IMAGE, [[process.execPath, '/usr/local/bin/node']]);
  await extendImage(socket, WATCHDOG_IMAGE, BASE_IMAGE, [[watchdog, '/usr/bin/fwatchdog']], ['CMD ["fwatchdog"]']);
}

/** Resolves with what has to stand before a command of this machine for it to run on the network of functions, as seen from `node`. */
export async function takeSeat(node) {
  const id = await node.docker('run', '--detach', '--rm', '--network', FUNCTIONS_NETWORK, BASE_IMAGE, 'sleep', '1000000000');
  const pid = await node.docker('inspect', '--format', '{{.State.Pid}}', id);
  // The id is one of the node's own, and so is the /proc to look it up in.
  return ['nsenter', `--net=/proc/${node.pid}/root/proc/${pid}/ns/net`];
}

/**
 * Starts a swarm of one node. Resolves with its `node`, its `seat` as above, and the `env` of specs that run there.
 * `end` leaves nothing of it.
 */
export function startTestSwarm(watchdog) {
  return inLab(async (lab) => {
    const node = await lab.up('n1');
    await Promise.all([initSwarm(node), loadImages(node, watchdog)]);
    const env = { SHOAL_TEST_DOCKER: node.socket, SHOAL_TEST_NETWORK: FUNCTIONS_NETWORK, SHOAL_TEST_ENGINE_PID: String(node.pid) };
    return { node, seat: await takeSeat(node), env };
  });
}

/**
 * Starts a swarm of three managers, as one would with three machines: any one of them may die. The first leads, the seat is
 * on the second. Its specs can have machines die and lose their network.
 */
export function startTestCluster(watchdog) {
  return inLab(async (lab) => {
    const nodes = await Promise.all(['m1', 'm2', 'm3'].map((name) => lab.up(name)));
    const [leader, ...others] = nodes;
    const images = nodes.map((node) => loadImages(node, watchdog));
    await initSwarm(leader);
    // So that a node's death is noticed within some 3 s.
    await leader.docker('swarm', 'update', '--dispatcher-heartbeat', '1s');
    const token = await leader.docker('swarm', 'join-token', '--quiet', 'manager');
    for (const node of others) await node.docker('swarm', 'join', '--token', token, '--advertise-addr', node.address, `${leader.address}:2377`);
    await Promise.all(images);
    const control = await startControl(lab);
    const cluster = { control: control.path, network: FUNCTIONS_NETWORK, nodes: nodes.map(({ name, socket }) => ({ name, socket })) };
    return { seat: await takeSeat(others[0]), env: { SHOAL_TEST_CLUSTER: JSON.stringify(cluster) }, close: () => control.server.close() };
  });
}

/** Lets another process do to machines what only their maker can: `POST /kill/m1`. */
async function startControl(lab) {
  const server = createServer((request, response) => {
    const [, action, name] = request.url.split('/');
    const node = lab.nodes.get(name);
    const act = async () => (action === 'up' ? lab.up(name) : node[action]());
    if (!node || !ACTIONS.includes(action)) return response.writeHead(404).end();
    act().then(
      () => response.writeHead(204).end(),
      (error) => response.writeHead(500).end(error.message),
    );
  });
  const path = join(lab.folder, 'control.sock');
  await new Promise((resolve) => server.listen(path, resolve));
  return { path, server };
}

/** The lab goes when `build` fails, or with `end` of what it resolves with. */
async function inLab(build) {
  const lab = await SwarmLab.create();
  try {
    const swarm = await build(lab);
    const end = async () => {
      swarm.close?.();
      await lab.down();
    };
    return { ...swarm, end };
  } catch (error) {
    await lab.down();
    throw error;
  }
}
