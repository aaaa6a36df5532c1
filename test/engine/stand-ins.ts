import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BASE_IMAGE } from '../swarm/describe-on-engine';

const runFile = promisify(execFile);
const TEMPLATES = '/usr/share/prometheus/alertmanager';

/** Images of Debian's programs in the places of those that the stack takes from a registry, by the stack's variables. */
export const standIns = {
  SHOAL_PROMETHEUS_IMAGE: 'shoal-spec/prometheus:1',
  SHOAL_ALERTMANAGER_IMAGE: 'shoal-spec/alertmanager:1',
  SHOAL_NATS_IMAGE: 'shoal-spec/nats:1',
  SHOAL_NGINX_IMAGE: 'shoal-spec/nginx:1',
} as const;

/** They have what the stack relies on in the real ones: the entry point, and a folder for the data that its user owns. */
export async function makeStandIns(socket: string): Promise<void> {
  const templates = readdirSync(TEMPLATES).filter((name) => name.endsWith('.tmpl')).map((name) => `${TEMPLATES}/${name}`);
  await extendImage(socket, standIns.SHOAL_PROMETHEUS_IMAGE, BASE_IMAGE, [['/usr/bin/prometheus', '/bin/prometheus']], dataOfNobody('/prometheus', '/bin/prometheus'));
  await extendImage(socket, standIns.SHOAL_ALERTMANAGER_IMAGE, BASE_IMAGE, [['/usr/bin/prometheus-alertmanager', '/bin/alertmanager'], ...templates], dataOfNobody('/alertmanager', '/bin/alertmanager'));
  await extendImage(socket, standIns.SHOAL_NATS_IMAGE, BASE_IMAGE, [['/usr/sbin/nats-server', '/usr/local/bin/nats-server']], []);
  await extendImage(socket, standIns.SHOAL_NGINX_IMAGE, BASE_IMAGE, ['/usr/sbin/nginx'], ['RUN mkdir -p /var/log/nginx /var/lib/nginx']);
}

type Program = string | readonly [from: string, to: string];

/** As tools/base-images.mjs does it, which is an ES module, and so nothing for Jest. */
export async function extendImage(...args: [socket: string, name: string, base: string, programs: readonly Program[], changes: readonly string[]]): Promise<void> {
  const call = 'const { extendImage } = await import("./tools/base-images.mjs"); await extendImage(...JSON.parse(process.argv[1]));';
  await runFile(process.execPath, ['--input-type=module', '--eval', call, JSON.stringify(args)], { cwd: join(__dirname, '../..') });
}

function dataOfNobody(folder: string, program: string): string[] {
  return [`RUN mkdir ${folder} && chown nobody ${folder}`, `ENTRYPOINT ["${program}"]`];
}
