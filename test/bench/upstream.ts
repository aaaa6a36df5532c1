import { createServer, type AddressInfo, type Socket } from 'node:net';

/*
 * A server that costs little beside the proxies before it: takes a body whole, then answers 12 bytes; answers a GET with 100
 * pieces of 1 KiB that come one after the other. Reads what proxies send here, and no other HTTP: a request has its length, or no body.
 * Usage: upstream; prints its port.
 */
const PIECES = 100;
const PIECE = Buffer.from(`400\r\n${'x'.repeat(0x400)}\r\n`);
const LAST_PIECE = Buffer.from('0\r\n\r\n');
const PIECES_HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n';
const TAKEN = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\nhello world\n';
const REFUSED = 'HTTP/1.1 411 Length Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';
const END_OF_HEAD = '\r\n\r\n';

function serve(socket: Socket): void {
  let head = '';
  let bodyLeft = 0;
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    if (bodyLeft > 0) return take(chunk.length);
    head += chunk.toString('latin1');
    const end = head.indexOf(END_OF_HEAD);
    if (end < 0) return;
    const came = head.length - end - END_OF_HEAD.length;
    if (head.startsWith('GET ')) {
      head = '';
      return sendPieces(socket, PIECES);
    }
    const length = Number(/^content-length: *(\d+)/im.exec(head.slice(0, end))?.[1]);
    head = '';
    if (!(length > 0)) return void socket.end(REFUSED);
    bodyLeft = length;
    take(came);
  });

  function take(bytes: number): void {
    bodyLeft -= bytes;
    if (bodyLeft === 0) socket.write(TAKEN);
  }
}

/** Each in a turn of its own of the event loop, so that they go out one by one. */
function sendPieces(socket: Socket, left: number): void {
  if (left === PIECES) socket.write(PIECES_HEAD);
  if (left === 0) return void socket.write(LAST_PIECE);
  socket.write(PIECE);
  setImmediate(sendPieces, socket, left - 1);
}

const server = createServer(serve);
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
process.on('SIGTERM', () => process.exit(0));
