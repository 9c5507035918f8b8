// Without the native addon the server answers over node:dgram; environments.test.ts has the cases in which it is missing.

import test from 'ava';
import { idOf } from '../support/dns-octets.ts';
import { queryOctets } from '../support/query-octets.ts';
import { demoDirectory, startServer } from '../support/server.ts';
import { connect, exchange } from '../support/udp.ts';

test('a server whose addon is switched off says so in one line, and answers', async (t) => {
  const server = await startServer(demoDirectory(), { env: { MERIDIAN_NATIVE: 'off' } });
  t.teardown(() => server.stop());
  const client = await connect(t, '127.0.0.1', server.port);
  t.is(idOf(await exchange(client, queryOctets({ id: 7, name: 'ns1.example.test', type: 'A' }))), 7);
  const lines = server
    .log()
    .split('\n')
    .filter((line) => line.includes('"ERR_ADDON"'));
  t.deepEqual(
    lines.map((line) => (JSON.parse(line) as { message: string }).message),
    ['node:dgram answers UDP, at a higher cost per query: the native packet addon is not used, because MERIDIAN_NATIVE=off'],
  );
});
