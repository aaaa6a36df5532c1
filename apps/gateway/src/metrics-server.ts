import { createServer, type Server } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CONTENT_TYPE, exposition, type Metric } from '@shoal/adapters/prometheus/exposition';
import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';

const TIMEOUT_MS = 5_000;

/** The numbers of the gateway under their Prometheus names (wire contract §4.1); others register theirs too. */
export class GatewayMetrics {
  /** Of those that the library counts. */
  private readonly registry = new Registry();
  private readonly added: Metric[] = [];
  private readonly requests = new Counter({
    name: 'http_requests_total',
    help: 'The total number of HTTP requests.',
    labelNames: ['method', 'path', 'status'],
    registers: [this.registry],
  });
  private readonly seconds = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Seconds spent serving HTTP requests.',
    labelNames: ['method', 'path', 'status'],
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  add(metrics: readonly Metric[]): void {
    this.added.push(...metrics);
  }

  /** All of them in Prometheus' text format, in parts, between which the event loop goes on. */
  async *text(): AsyncGenerator<string> {
    yield await this.registry.metrics();
    yield* exposition(this.added);
  }

  /** One request of the control plane has ended. `path` is the route's pattern, so that names make no new series. */
  observeRequest(method: string, path: string, status: number, seconds: number): void {
    const labels = { method, path, status: String(status) };
    this.requests.inc(labels);
    this.seconds.observe(labels, seconds);
  }
}

/** `/metrics` and `/healthz` on a listener of their own, which needs no password and is not for everyone. */
export function createMetricsServer(metrics: GatewayMetrics): Server {
  return createServer({ requestTimeout: TIMEOUT_MS, headersTimeout: TIMEOUT_MS }, (req, res) => {
    const path = req.url?.split('?', 1)[0];
    if (path !== '/metrics' && path !== '/healthz') return void res.writeHead(404).end();
    if (req.method !== 'GET') return void res.writeHead(405).end();
    if (path === '/healthz') return void res.writeHead(200, { 'Content-Type': 'text/plain' }).end('OK');
    res.writeHead(200, { 'Content-Type': CONTENT_TYPE });
    // Who leaves in between, or whom a part cannot be made for, has a connection that broke off: no half of an answer passes for a whole.
    pipeline(Readable.from(metrics.text()), res).catch(() => undefined);
  });
}
