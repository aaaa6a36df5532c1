// What a Node process holds, once its garbage is gone.
import { WebSocket } from 'ws';
import { until } from '../measure.mjs';

const LISTENING = /Debugger listening on (ws:\S+)/;

/** Bytes on the heap of its main thread. The process has to be started with `--inspect-port=0`, and inspects itself from then on. */
export async function heapBytes(child) {
  if (!LISTENING.test(child.output)) child.kill('SIGUSR1');
  await until(() => LISTENING.test(child.output), 'the inspector');
  const socket = new WebSocket(LISTENING.exec(child.output)[1]);
  const ask = (id, method) =>
    new Promise((resolve, reject) => {
      socket.on('error', reject).on('message', (text) => {
        const answer = JSON.parse(text);
        if (answer.id === id) resolve(answer.result);
      });
      socket.send(JSON.stringify({ id, method }));
    });
  await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
  await ask(1, 'HeapProfiler.collectGarbage');
  const { usedSize } = await ask(2, 'Runtime.getHeapUsage');
  socket.close();
  return usedSize;
}
