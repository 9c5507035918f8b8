// The least that a relay over node:net can be: two sockets and two pipes, no limits, no counts, no choice of a server. What it costs is the
// floor of any relay in TypeScript; bench/site-l4.ts measures it beside the others. Arguments: its port, the port of the server.

import { connect, createServer } from 'node:net';

const [port, serverPort] = process.argv.slice(2).map(Number);
createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
  const server = connect({ host: '127.0.0.1', port: serverPort!, allowHalfOpen: true, noDelay: true });
  client.on('error', () => server.destroy());
  server.on('error', () => client.destroy());
  client.pipe(server);
  server.pipe(client);
}).listen(port, '127.0.0.1');
