// The server around function/handler: it turns a request into an event, and what the handler returns into an answer.
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

const HANDLERS = ['handler.mjs', 'handler.cjs', 'handler.js'];
const { env } = process;
const port = Number(env.PORT ?? env.http_port ?? 3000);
const wantsRaw = env.RAW_BODY === 'true';
const limits = { MAX_JSON_SIZE: bytesOf('MAX_JSON_SIZE', '100kb'), MAX_RAW_SIZE: bytesOf('MAX_RAW_SIZE', '10mb') };
const handler = await loadHandler();

const server = createServer((req, res) => void answer(req, res));
// The watchdog alone decides when a connection is of no more use, and how long a call may take.
server.keepAliveTimeout = 0;
server.requestTimeout = 0;
server.listen(port, '127.0.0.1');
// Idle connections are closed at once, the others after their answer; then nothing is left to do, and the process ends.
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => server.close(() => process.exit(0)));

async function answer(req, res) {
  const context = new Context();
  try {
    const event = await readEvent(req);
    send(res, context, await run(event, context));
  } catch (error) {
    if (res.destroyed) return;
    req.resume();
    if (!(error instanceof BadRequest)) console.error(error);
    const isFailure = context.statusCode >= 400 && context.statusCode < 600;
    const status = error instanceof BadRequest ? error.status : isFailure ? context.statusCode : 500;
    end(res, status, { 'Content-Type': 'text/plain; charset=utf-8' }, String(error));
  }
}

/** Resolves with what the handler returned, or with what it gave to `context` or to its third parameter, whichever was first. */
function run(event, context) {
  return new Promise((resolve, reject) => {
    context.succeed = (value) => void resolve(value);
    context.fail = (error) => void reject(error);
    const callback = (error, value) => (error ? reject(error) : resolve(value));
    const result = (async () => handler(event, context, callback))();
    // One with a callback answers by it, unless it fails before.
    result.then((value) => (handler.length > 2 && value === undefined ? undefined : resolve(value)), reject);
  });
}

class Context {
  statusCode = 200;
  headerValues = {};

  /** Sets the answer's status; without one, tells it. */
  status(code) {
    if (code === undefined) return this.statusCode;
    this.statusCode = code;
    return this;
  }

  /** Sets the answer's headers; without any, tells them. */
  headers(values) {
    if (values === undefined) return this.headerValues;
    this.headerValues = values;
    return this;
  }
}

/** What is wrong with the request, and not with the function. */
class BadRequest extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }

  toString() {
    return this.message;
  }
}

async function readEvent(req) {
  const [path, ...rest] = req.url.split('?');
  const query = {};
  for (const [name, value] of new URLSearchParams(rest.join('?'))) {
    Object.defineProperty(query, name, { value: Object.hasOwn(query, name) ? [query[name], value].flat() : value, enumerable: true, configurable: true });
  }
  return { body: await readBody(req), headers: req.headers, method: req.method, query, path };
}

async function readBody(req) {
  const type = (req.headers['content-type'] ?? '').split(';', 1)[0].trim().toLowerCase();
  const isJson = type === 'application/json' || type.endsWith('+json');
  const isForm = type === 'application/x-www-form-urlencoded';
  const bytes = await readBytes(req, !wantsRaw && (isJson || isForm) ? 'MAX_JSON_SIZE' : 'MAX_RAW_SIZE');
  if (wantsRaw) return bytes;
  if (isJson) return parseJson(bytes.toString());
  // `curl -d hello` says that it sends a form.
  if (isForm && bytes.includes('=')) return Object.fromEntries(new URLSearchParams(bytes.toString()));
  return type === '' || isForm || type.startsWith('text/') || bytes.length === 0 ? bytes.toString() : bytes;
}

async function readBytes(req, limit) {
  const chunks = [];
  let length = Number(req.headers['content-length'] ?? 0);
  if (length <= limits[limit]) {
    length = 0;
    // Not `for await`, which would close the connection before the answer.
    await new Promise((resolve, reject) => {
      req.on('data', (chunk) => {
        length += chunk.length;
        if (length > limits[limit]) resolve();
        else chunks.push(chunk);
      });
      req.on('end', resolve).on('error', reject);
    });
  }
  if (length > limits[limit]) throw new BadRequest(413, `the body is longer than ${limits[limit]} bytes; ${limit} sets how long it may be\n`);
  return Buffer.concat(chunks);
}

function parseJson(text) {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BadRequest(400, `the body is no JSON: ${error.message}\n`);
  }
}

function send(res, context, value) {
  const [type, body] = encode(value);
  const length = Buffer.byteLength(body);
  const headers = Object.entries(context.headerValues);
  const isTyped = headers.some(([name]) => name.toLowerCase() === 'content-type');
  end(res, context.statusCode, Object.fromEntries([...(isTyped || length === 0 ? [] : [['Content-Type', type]]), ...headers]), body);
}

function end(res, status, headers, body) {
  // While it is stopping, no connection may be kept for another request.
  if (!server.listening) res.setHeader('Connection', 'close');
  res.writeHead(status, headers);
  res.end(body);
}

function encode(value) {
  if (value === undefined || value === null) return ['text/plain', ''];
  if (typeof value === 'string') return ['text/plain; charset=utf-8', value];
  if (value instanceof Uint8Array) return ['application/octet-stream', value];
  return ['application/json; charset=utf-8', JSON.stringify(value)];
}

async function loadHandler() {
  const files = HANDLERS.map((name) => new URL(`function/${name}`, import.meta.url));
  const file = files.find((url) => existsSync(fileURLToPath(url)));
  if (file === undefined) stop(`function/ holds none of ${HANDLERS.join(', ')}`);
  const { default: exported } = await import(file.href);
  // A module that was an ES module before something made CommonJS of it has its default within.
  const found = typeof exported === 'function' ? exported : exported?.default;
  if (typeof found !== 'function') stop(`${fileURLToPath(file)} exports no function: write "export default async (event, context) => …" or "module.exports = …"`);
  return found;
}

function bytesOf(name, byDefault) {
  const text = (env[name] ?? byDefault).trim().toLowerCase();
  const match = /^(\d+(?:\.\d+)?)\s*(b|kb|mb|gb)?$/.exec(text);
  if (match === null) stop(`${name} is "${text}", which is no size; write for example 100kb or 5mb`);
  return Math.floor(Number(match[1]) * 1024 ** ['b', 'kb', 'mb', 'gb'].indexOf(match[2] ?? 'b'));
}

function stop(problem) {
  console.error(problem);
  process.exit(1);
}
