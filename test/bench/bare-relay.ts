import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent } from 'undici';

/*
 * What any proxy on Node pays at least: `node:http` in front, undici behind, and nothing between.
 * Usage: bare-relay UPSTREAM_URL; prints its port.
 */
const origin = process.argv[2]!;
const agent = new Agent();

const server = createServer((req, res) => {
  agent.dispatch(
    { origin, path: req.url ?? '/', method: 'GET', headers: req.rawHeaders },
    {
      onRequestStart: () => undefined,
      onResponseStart: (controller, status) => {
        res.writeHead(status, (controller.rawHeaders as readonly Buffer[]).map(String));
      },
      onResponseData: (_controller, chunk) => void res.write(chunk),
      onResponseEnd: () => void res.end(),
      onResponseError: () => void res.destroy(),
    },
  );
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
