// Preloaded into every process of a gateway (NODE_OPTIONS): its function host and its data-plane workers say what nobody understands, beside what they
// have to say. SHOAL_GARBLED is a folder; in each kind of process, so many do it as SHOAL_GARBLED_TIMES says.
const cluster = require('node:cluster');
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');

const folder = process.env.SHOAL_GARBLED;
const kind = cluster.isWorker ? 'worker' : process.argv.includes('-host') ? 'host' : undefined;

function isChosen() {
  for (let i = 0; i < Number(process.env.SHOAL_GARBLED_TIMES); i++) {
    try {
      writeFileSync(join(folder, `${kind}-${i}`), String(process.pid), { flag: 'wx' });
      return i + 1;
    } catch {
      // Another one was it.
    }
  }
  return 0;
}

if (folder && kind && process.send) {
  const number = isChosen();
  if (number > 0) {
    const values = [null, [], {}, 'x', 0, -1, 1e300, true, '\u0000', '../..', { then: 1 }, [null], [[]]];
    let state = Number(process.env.SHOAL_GARBLED_SEED) * 7919 + number;
    const below = (end) => (state = (state * 48271 + 11) % 2147483647) % end;
    const pick = (list) => list[below(list.length)];
    const names = kind === 'host' ? ['type', 'key', 'generation', 'ready', 'updating', 'failure', 'port', 'token'] : ['kind', 'key', 'calls', 'received', 'replicaId', 'grant', 'permits', 'batch', 'counts', 'usage', 'port', 'message', 'order', 'id'];
    const kinds = kind === 'host' ? ['state', 'removed', 'listening', 'alive', 'put', '__proto__', 'constructor'] : ['want', 'giveBack', 'report', 'listening', 'failed', 'wake', 'unreachable', 'toString', '__proto__'];
    const message = () => {
      if (below(5) === 0) return pick(values);
      const made = Object.fromEntries(names.filter(() => below(3) > 0).map((name) => [name, pick(values)]));
      // Never whole: one that is would be believed.
      if (below(3) > 0) made[names[0]] = pick(kinds.filter((one) => one !== 'alive'));
      if (made[names[0]] === 'removed' || made[names[0]] === 'wake' || made[names[0]] === 'failed') made.key = made.order = made.message = null;
      return made;
    };
    const send = process.send.bind(process);
    const garble = () => {
      for (let i = 0; i < (kind === 'host' ? 500 : 1); i++) {
        const said = kind === 'host' ? message() : [message(), message(), null];
        if (said !== undefined) send(said, undefined, undefined, () => undefined);
      }
    };
    // One that ends before it listens keeps the gateway from starting, which is right.
    process.send = (...args) => {
      if (JSON.stringify(args[0])?.includes('listening')) setTimeout(garble, 500).unref();
      return send(...args);
    };
  }
}
