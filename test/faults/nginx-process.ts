import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../deploy/free-port';

/** nginx as a proxy as it comes, but for names with underscores, which it would drop, and for slashes, which it would merge. */
export class NginxProcess {
  private output = '';

  private constructor(
    /** Each leads to the upstream of the same place. */
    readonly ports: readonly number[],
    private readonly home: string,
    private readonly child: ChildProcess,
  ) {
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
  }

  static async start(upstreamPorts: readonly number[]): Promise<NginxProcess> {
    const home = mkdtempSync(join(tmpdir(), 'shoal-nginx-'));
    const ports: number[] = [];
    for (const _ of upstreamPorts) ports.push(await freePort());
    const temps = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${home}/${kind};`).join(' ');
    const servers = upstreamPorts.map(
      (port, i) => `server { listen 127.0.0.1:${ports[i]}; merge_slashes off;
  location / { proxy_pass http://127.0.0.1:${port}; proxy_http_version 1.1; proxy_set_header Host x; proxy_set_header Connection ""; proxy_ignore_client_abort on; proxy_read_timeout 5s; } }`,
    );
    // Started by root, it would work as somebody who may not read and write in our folder.
    const asOurselves = process.getuid?.() === 0 ? 'user root;' : '';
    writeFileSync(
      join(home, 'nginx.conf'),
      `${asOurselves} worker_processes 1; daemon off; pid ${home}/pid; error_log stderr crit; events { worker_connections 1024; }
http { access_log off; ${temps} underscores_in_headers on; client_max_body_size 0; keepalive_requests 1000000; ${servers.join('\n')} }\n`,
    );
    const nginx = new NginxProcess(ports, home, spawn('nginx', ['-c', join(home, 'nginx.conf'), '-e', 'stderr'], { stdio: ['ignore', 'pipe', 'pipe'] }));
    try {
      for (const port of ports) await nginx.listens(port);
    } catch (error) {
      await nginx.stop();
      throw error;
    }
    return nginx;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null && this.child.kill()) await once(this.child, 'exit');
    rmSync(this.home, { recursive: true, force: true });
  }

  private async listens(port: number): Promise<void> {
    for (let tries = 0; ; tries++) {
      const socket = connect(port, '127.0.0.1');
      const there = await once(socket, 'connect').then(() => true, () => false);
      socket.destroy();
      if (there) return;
      if (this.child.exitCode !== null || tries > 500) throw new Error(`nginx is not up: ${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
