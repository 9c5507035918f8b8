// The contract of packet drivers, with real sockets: what holds for one holds for all. What only one can do is in its own file.

import test, { type ExecutionContext } from 'ava';
import type { Client } from '../../../src/model/client.ts';
import { choosePacketDriver } from '../../../src/transport/udp.ts';
import { idOf, query, turnRound } from '../../support/dns-octets.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { reservePortFor } from '../../support/reserved-port.ts';
import { connect, DRIVERS, defaults, exchange, serve } from '../../support/udp.ts';
import { until } from '../../support/until.ts';

/** A query larger than any that there is, and the largest datagram that counts as one. */
const MAX_QUERY_SIZE = 4096;
const QUERY_SIZE = query(0).length;

test('the native driver is chosen where it is, and the reason is told where it is not', (t) => {
  t.is(choosePacketDriver().driver.name, DRIVERS[0]!.name);
  t.like(choosePacketDriver({ addon: undefined, reason: 'there is no C++ compiler' }), {
    driver: { name: 'dgram' },
    reason: 'there is no C++ compiler',
  });
});

for (const driver of DRIVERS) {
  const contract = (title: string, run: (t: ExecutionContext) => Promise<void>): void =>
    test.serial(`${driver.name}: ${title}`, run);

  contract('a query is answered to the address and port it came from', async (t) => {
    const seen: { octets: number[]; port: number; family: number; isStream: boolean }[] = [];
    const note = ({ octets, port, family, isStream }: Client): void => {
      seen.push({ octets: [...octets.subarray(0, 4)], port, family, isStream });
    };
    const { port } = await serve(t, driver, { respond: turnRound({ seen: note }) });
    const client = await connect(t, '127.0.0.1', port);
    const reply = await exchange(client, query(77));
    t.is(idOf(reply), 77);
    t.is(reply[2]! & 0x80, 0x80);
    t.deepEqual(seen, [{ octets: [127, 0, 0, 1], port: client.address().port, family: 4, isStream: false }]);
  });

  contract('the responder learns when a query came', async (t) => {
    const clock = new ManualClock();
    const seen: number[][] = [];
    const respond = turnRound({ seen: ({ nowMs, nowSec }) => seen.push([nowMs, nowSec]) });
    const { port } = await serve(t, driver, { clock, respond });
    const client = await connect(t, '127.0.0.1', port);
    for (const ms of [0, 999, 1]) {
      clock.advance(ms);
      await exchange(client, query(1));
    }
    t.deepEqual(seen, [
      [0, 1_700_000_000],
      [999, 1_700_000_000],
      [1000, 1_700_000_001],
    ]);
  });

  contract('bursts of a thousand datagrams of two clients are answered, each client in order', async (t) => {
    const { port } = await serve(t, driver);
    const clients = await Promise.all([connect(t, '127.0.0.1', port), connect(t, '127.0.0.1', port)]);
    const ids: number[][] = [[], []];
    clients.forEach((client, who) => {
      client.on('message', (octets) => ids[who]!.push(octets.length === QUERY_SIZE + (idOf(octets) % 500) ? idOf(octets) : -1));
    });
    // As many at a time as the least receive buffer of a Linux machine holds.
    for (let sent = 0; sent < 1000; ) {
      for (const end = sent + 100; sent < end; sent++) clients[sent % 2]!.send(query(sent, sent % 500));
      await until(() => ids[0]!.length + ids[1]!.length === sent);
    }
    for (const who of [0, 1]) {
      t.deepEqual(
        ids[who],
        Array.from({ length: 500 }, (_, i) => 2 * i + who),
      );
    }
  });

  contract('what the responder does not answer gets no datagram', async (t) => {
    const { port } = await serve(t, driver);
    const client = await connect(t, '127.0.0.1', port);
    const response = query(1);
    response[2] = 0x80;
    client.send(response);
    t.is(idOf(await exchange(client, query(2))), 2);
  });

  contract('an IPv6 client is answered on an IPv6 socket', async (t) => {
    let last = '';
    const { port } = await serve(t, driver, {
      endpoint: { address: '::1', port: 0 },
      respond: turnRound({ seen: ({ family, octets }) => (last = `${family} ${octets[0]} ${octets[15]}`) }),
    });
    t.is(idOf(await exchange(await connect(t, '::1', port), query(6))), 6);
    t.is(last, '6 0 1');
  });

  contract('wildcard sockets of both families have one port side by side', async (t) => {
    const families: number[] = [];
    const respond = turnRound({ seen: ({ family }) => families.push(family) });
    const endpoint = { address: '::', port: await reservePortFor(t) };
    const v6 = await serve(t, driver, { endpoint, respond });
    const v4 = await serve(t, driver, { endpoint: { address: '0.0.0.0', port: v6.port }, respond });
    t.is(v4.port, v6.port);
    t.is(idOf(await exchange(await connect(t, '127.0.0.1', v4.port), query(4))), 4);
    t.is(idOf(await exchange(await connect(t, '::1', v6.port), query(6))), 6);
    t.deepEqual(families, [4, 6]);
  });

  contract('a datagram larger than any query is dropped and counted, the largest query is answered', async (t) => {
    const { port, count } = await serve(t, driver);
    const client = await connect(t, '127.0.0.1', port);
    client.send(query(1, MAX_QUERY_SIZE + 1 - QUERY_SIZE));
    client.send(query(2, 60_000));
    t.is(idOf(await exchange(client, query(3, 1232 - QUERY_SIZE))), 3);
    t.is(count('UDP_OVERSIZED'), 2);
  });

  contract('a query that fills its buffer arrives whole', async (t) => {
    const sizes: number[] = [];
    const { port } = await serve(t, driver, {
      respond: (input, offset, length, _client, output, outputOffset) => {
        sizes.push(length, input[offset + length - 1]!);
        output[outputOffset] = 1;
        return 1;
      },
    });
    const whole = query(1, MAX_QUERY_SIZE - QUERY_SIZE);
    whole[MAX_QUERY_SIZE - 1] = 99;
    await exchange(await connect(t, '127.0.0.1', port), whole);
    t.deepEqual(sizes, [MAX_QUERY_SIZE, 99]);
  });

  contract('an empty datagram is for the responder to judge', async (t) => {
    const sizes: number[] = [];
    const { port } = await serve(t, driver, {
      respond: (input, offset, length, client, output, outputOffset) => {
        sizes.push(length);
        return length === 0 ? 0 : turnRound()(input, offset, length, client, output, outputOffset);
      },
    });
    const client = await connect(t, '127.0.0.1', port);
    client.send(new Uint8Array(0));
    t.is(idOf(await exchange(client, query(9))), 9);
    t.deepEqual(sizes, [0, QUERY_SIZE]);
  });

  contract('a reply that the system refuses is counted and harms nothing', async (t) => {
    const { port, count } = await serve(t, driver, { maxReplySize: 65535, respond: turnRound({ size: 65535 }) });
    const client = await connect(t, '127.0.0.1', port);
    client.send(query(1));
    await until(() => count('UDP_SEND_ERRORS') === 1);
    client.send(query(2));
    await until(() => count('UDP_SEND_ERRORS') === 2);
    t.is(count('UDP_OVERFLOWED'), 0);
  });

  contract('an address that is taken, or not ours, is a problem with a remedy', async (t) => {
    const { port } = await serve(t, driver);
    const taken = await driver.open({ ...defaults(), endpoint: { address: '127.0.0.1', port } });
    t.like(taken, { ok: false, error: { code: 'ERR_LISTEN' } });
    t.true(!taken.ok && taken.error.message.includes(`has port ${port}`));
    const foreign = await driver.open({ ...defaults(), endpoint: { address: '192.0.2.1', port: 0 } });
    t.true(!foreign.ok && foreign.error.message.includes('no interface of this machine has the address 192.0.2.1'));
  });

  contract('closing frees the port', async (t) => {
    const endpoint = { address: '127.0.0.1', port: await reservePortFor(t) };
    const first = await serve(t, driver, { endpoint });
    await first.socket.close();
    const second = await serve(t, driver, { endpoint });
    t.is(second.port, first.port);
    t.is(idOf(await exchange(await connect(t, '127.0.0.1', second.port), query(5))), 5);
  });

  contract('a socket whose queue is never empty leaves others their turn', async (t) => {
    let isFlooding = true;
    let answered = 0;
    const feed = { send: (): void => {} };
    const { port } = await serve(t, driver, {
      respond: () => {
        answered++;
        if (isFlooding) feed.send();
        return 0;
      },
    });
    const client = await connect(t, '127.0.0.1', port);
    feed.send = () => client.send(query(1));
    for (let i = 0; i < 128; i++) feed.send();
    await until(() => answered >= 10_000);
    isFlooding = false;
    t.pass('the flood went on, and so did this test');
  });
}
