import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port';

export interface PrometheusOptions {
  readonly scrapeInterval?: string;
  /** As in the file `prometheus.yml`. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Written to `rules.yml`, beside the configuration. */
  readonly rules?: string;
}

/** A real Prometheus with the names of the jobs that ours has, which looks at one gateway. */
export class PrometheusProcess {
  private constructor(
    readonly port: number,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  /** Resolves once it has scraped the gateway whose metrics are at `metricsUrl`. */
  static async start(metricsUrl: string, { scrapeInterval = '500ms', config = {}, rules }: PrometheusOptions = {}): Promise<PrometheusProcess> {
    const folder = mkdtempSync(join(tmpdir(), 'shoal-prometheus-'));
    mkdirSync(join(folder, 'data'));
    const job = { job_name: 'gateway', static_configs: [{ targets: [new URL(metricsUrl).host] }] };
    const global = { scrape_interval: scrapeInterval, scrape_timeout: scrapeInterval, evaluation_interval: scrapeInterval };
    writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify({ global, scrape_configs: [job], ...(rules === undefined ? {} : { rule_files: ['rules.yml'] }), ...config }));
    if (rules !== undefined) writeFileSync(join(folder, 'rules.yml'), rules);
    const port = await freePort();
    const args = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`];
    const started = new PrometheusProcess(port, spawn('prometheus', args, { stdio: 'ignore' }), folder);
    await started.until('up == 1');
    return started;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Rejects when the expression is none. */
  async query(expression: string): Promise<unknown[]> {
    const answer = await fetch(`${this.url}/api/v1/query?${new URLSearchParams({ query: expression }).toString()}`);
    const { error, data } = (await answer.json()) as { error?: string; data: { result: unknown[] } };
    if (error !== undefined) throw new Error(error);
    return data.result;
  }

  /** A test's time limit ends the waiting. */
  async until(expression: string): Promise<void> {
    for (;;) {
      const found = await this.query(expression).catch(() => []);
      if (found.length > 0) return;
      if (this.child.exitCode !== null) throw new Error(`Prometheus ended with ${this.child.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = new Promise((resolve) => this.child.once('exit', resolve));
      this.child.kill();
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
