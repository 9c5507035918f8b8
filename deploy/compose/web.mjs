// A small web server that stands for a site's real ones: says which it is, and that it is well.

import { createServer } from 'node:http';
import { hostname } from 'node:os';

const site = process.env.SITE ?? 'unknown';
const server = createServer((request, response) => {
  response.setHeader('content-type', 'text/plain');
  response.end(request.url === '/healthz' ? 'ok\n' : `${site}: ${hostname()}\n`);
});
server.listen(8080);
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
