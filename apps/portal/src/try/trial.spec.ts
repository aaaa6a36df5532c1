import type { Trial } from './trial';

/** What of Node is used here: its own types would let the page use Node, too. */
interface NodeHttp {
  createServer(answer: (req: { readonly method: string; readonly url: string; readonly headers: Readonly<Record<string, string>> }, res: NodeResponse) => void): {
    listen(port: number, host: string, ready: () => void): void;
    address(): { readonly port: number };
    close(): void;
    closeAllConnections(): void;
  };
}
interface NodeResponse {
  writeHead(status: number, headers?: Readonly<Record<string, string>>): NodeResponse;
  write(text: string): boolean;
  end(text?: string): void;
}
const { createServer } = jest.requireActual<NodeHttp>('node:http');

/** What the gateway was asked, which is as much of one as a spec needs. */
const asked: string[] = [];
const gateway = createServer((req, res) => {
  const what = `${req.method} ${req.url}`;
  asked.push(what);
  if (what.startsWith('POST /async-function/')) {
    res.writeHead(202, { 'X-Call-Id': 'call-1' });
    res.write('accep');
  } else if (what.startsWith('DELETE')) res.writeHead(202).end();
  else if (req.headers.accept === 'text/event-stream') res.end('event: queued\ndata: {"id":"call-1","state":"queued","acceptedAt":"2026-01-01T00:00:00Z","attempts":0}\n\n');
  else if (what.startsWith('GET /async-function/calls/')) res.end('{"id":"call-1","state":"cancelled","acceptedAt":"2026-01-01T00:00:00Z","attempts":0}');
  else res.end('answered');
});

describe('Trial.send()', () => {
  let TrialClass: typeof Trial;
  let trial: Trial;

  beforeAll(async () => {
    await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
    // What of a browser the page looks for.
    const storage = new Map<string, string>();
    Object.assign(globalThis, {
      document: { querySelector: () => null },
      location: new URL(`http://127.0.0.1:${gateway.address().port}/ui/`),
      sessionStorage: { getItem: (key: string) => storage.get(key) ?? null, setItem: (key: string, value: string) => storage.set(key, value), removeItem: (key: string) => storage.delete(key) },
    });
    ({ Trial: TrialClass } = await import('./trial'));
  });
  beforeEach(() => {
    trial = new TrialClass('web.openfaas-fn');
    asked.length = 0;
  });
  afterAll(() => {
    gateway.closeAllConnections();
    gateway.close();
  });

  it('can be used again after an error that nobody foresaw, and keeps the try', async () => {
    const stop = trial.outcome.subscribe((outcome) => {
      if (outcome?.kind === 'sending' && outcome.bytes !== undefined) throw new Error('a picture has fallen from the wall');
    });
    await trial.send();
    stop();
    expect(trial.outcome.value).toEqual({ kind: 'none', message: 'The page could not make the call: a picture has fallen from the wall.' });
    expect(trial.isRunning).toBe(false);
    await trial.send();
    expect(trial.outcome.value).toMatchObject({ kind: 'answer', answer: { status: 200 } });
    expect(trial.tries.value.map(({ outcome }) => outcome)).toEqual(['200', 'no answer']);
  });

  it('cancels a call in the queue that was accepted while it was cancelled, and sees it end', async () => {
    trial.change({ mode: 'async' });
    const receiving = new Promise<void>((resolve) => trial.outcome.subscribe((outcome) => outcome?.kind === 'sending' && outcome.bytes !== undefined && outcome.bytes > 0 && resolve()));
    const sent = trial.send();
    await receiving;
    await trial.cancel();
    await sent;
    expect(trial.outcome.value).toMatchObject({ kind: 'queued', call: { id: 'call-1', state: 'cancelled' } });
    expect(trial.outcome.value).not.toHaveProperty('note');
    expect(trial.isRunning).toBe(false);
    expect(asked.sort()).toEqual(['DELETE /async-function/calls/call-1', 'GET /async-function/calls/call-1', 'GET /async-function/calls/call-1', 'POST /async-function/web.openfaas-fn/']);
  });
});
