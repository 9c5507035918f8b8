// Two servers that answer each other's packets never stop (CVE-2024-2169): what the server sends must never make a server like it
// send something. What comes from the ports of echo and chargen is tested with the responder (test/unit/responder).

import test from 'ava';
import { askUdp } from '../support/prober.ts';
import { ecs, option, type QuerySpec, queryOctets, question } from '../support/query-octets.ts';
import { type RunningServer, startServer } from '../support/server.ts';

let server: RunningServer;
test.before(async () => {
  server = await startServer();
});
test.after.always(async () => {
  await server?.stop();
});

const QUERIES: readonly [string, QuerySpec][] = [
  ['an answer', { type: 'SOA' }],
  ['NXDOMAIN', { name: 'nowhere.example.test.', type: 'A', opt: {} }],
  ['a referral', { name: 'host.lab.example.test.', type: 'A' }],
  ['FORMERR', { counts: [2, 0, 0, 0], trailing: question('a.', 'A') }],
  ['FORMERR with OPT', { opt: { options: [ecs(1, 33, [1])] } }],
  ['REFUSED', { name: 'example.net.', type: 'A', opt: {} }],
  ['NOTIMP', { flags: 0x2800 }],
  ['BADVERS', { opt: { version: 9, options: [option(10, 1, 2, 3, 4, 5, 6, 7, 8)] } }],
];

for (const [what, spec] of QUERIES) {
  test(`RFC 1035 section 4.1.1: ${what}, sent back to the server as it is or damaged, gets no reply`, async (t) => {
    const [reply] = await askUdp(server.port, queryOctets({ id: 99, ...spec }));
    t.true(reply !== undefined);
    t.deepEqual(await askUdp(server.port, reply!), []);
    for (const at of [3, 5, 7, 9, 11]) t.deepEqual(await askUdp(server.port, reply!.with(at, reply![at]! ^ 0xff)), []);
    t.deepEqual(await askUdp(server.port, reply!.subarray(0, 12)), []);
  });
}
