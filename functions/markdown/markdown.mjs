import { createServer } from 'node:http';
import MarkdownIt from 'markdown-it';

const MAX_BODY_BYTES = 1024 * 1024;
/** For calls that are running when it is told to stop. */
const MAX_DRAIN_MS = 5_000;

/** Tags in the text come out as text: what a stranger wrote must not run in a reader's browser. */
const markdown = new MarkdownIt({ html: false });

const server = createServer((req, res) => {
  convert(req, res).catch((error) => {
    // A caller that left in the middle of the body waits for no answer.
    if (req.complete) console.error(error);
    res.destroy();
  });
});

server.listen(Number(process.env.PORT), '127.0.0.1');
// Idle connections are closed at once, the others after their answer; then nothing is left to do, and the process ends.
process.once('SIGTERM', () => {
  server.close();
  setTimeout(() => server.closeAllConnections(), MAX_DRAIN_MS).unref();
});

async function convert(req, res) {
  if (req.method !== 'POST') return send(res, 405, 'text/plain', 'POST the Markdown text.\n', { Allow: 'POST' });
  const chunks = [];
  let bodyBytes = 0;
  for await (const chunk of req) {
    bodyBytes += chunk.length;
    if (bodyBytes <= MAX_BODY_BYTES) chunks.push(chunk);
    // The rest is read and dropped: a caller that is still sending would not see the answer on a broken connection.
    else if (!res.headersSent) send(res, 413, 'text/plain', `The text is longer than ${MAX_BODY_BYTES} bytes.\n`);
  }
  if (bodyBytes > MAX_BODY_BYTES) return;
  send(res, 200, 'text/html', markdown.render(Buffer.concat(chunks).toString()));
}

function send(res, status, type, body, headers = {}) {
  // While it is stopping, no connection may be kept for another request.
  if (!server.listening) res.setHeader('Connection', 'close');
  res.writeHead(status, { 'Content-Type': `${type}; charset=utf-8`, 'Content-Length': Buffer.byteLength(body), ...headers });
  res.end(body);
}
