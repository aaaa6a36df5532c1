import { createServer, type Server } from 'node:http';
import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';

const TIMEOUT_MS = 5_000;

/** The numbers of the gateway under their Prometheus names (wire contract §4.1); others register theirs too. */
export class GatewayMetrics {
  readonly registry = new Registry();
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

  /** One request of the control plane has ended. `path` is the route's pattern, so that names make no new series. */
  observeRequest(method: string, path: string, status: number, seconds: number): void {
    const labels = { method, path, status: String(status) };
    this.requests.inc(labels);
    this.seconds.observe(labels, seconds);
  }
}

/** `/metrics` and `/healthz` on a listener of their own, which needs no password and is not for everyone. */
export function createMetricsServer({ registry }: GatewayMetrics): Server {
  return createServer({ requestTimeout: TIMEOUT_MS, headersTimeout: TIMEOUT_MS }, (req, res) => {
    const path = req.url?.split('?', 1)[0];
    if (path !== '/metrics' && path !== '/healthz') return void res.writeHead(404).end();
    if (req.method !== 'GET') return void res.writeHead(405).end();
    if (path === '/healthz') return void res.writeHead(200, { 'Content-Type': 'text/plain' }).end('OK');
    registry.metrics().then(
      (text) => res.writeHead(200, { 'Content-Type': registry.contentType }).end(text),
      (error: unknown) => res.writeHead(500, { 'Content-Type': 'text/plain' }).end(String(error)),
    );
  });
}
