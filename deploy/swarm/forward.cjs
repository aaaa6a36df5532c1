// Takes connections on each port to the service that is named with it (`9090=tasks.prometheus`): what `up.sh
// --publish-admin` runs, because Swarm cannot publish a port on loopback, and a plain container can.
const { connect, createServer } = require('node:net');

for (const pair of process.argv.slice(1)) {
  const [port, host] = pair.split('=');
  createServer((client) => {
    const service = connect(Number(port), host);
    for (const [from, to] of [[client, service], [service, client]]) from.on('error', () => to.destroy()).pipe(to);
  }).listen(Number(port));
}
process.on('SIGTERM', () => process.exit(0));
