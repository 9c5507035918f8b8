import { createHash, randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { parseCidr } from '../../../../src/base/address.ts';
import { ListeningPort } from '../../../../src/site/listening.ts';
import { balancingOf, serverOf } from '../../../support/balance.ts';
import { testBothRelays } from '../../../support/both-relays.ts';
import { closedTcpPort } from '../../../support/closed-port.ts';
import { eventually } from '../../../support/patience.ts';
import { Backend, Client, echo, FRONT, fullTcpPort, saying } from '../../../support/site.ts';

const LOOPBACK = [parseCidr('127.0.0.0/8')!];
const why = (what: string) => (): string => `never: ${what}`;

testBothRelays('clients are spread over the servers, and each server is counted', async (t, stageOf) => {
  const backends = await Promise.all(['a', 'b'].map((id) => Backend.open(t, id, saying(id))));
  const { front, service } = await stageOf(
    t,
    backends.map(({ server }) => server),
  );
  const heard: string[] = [];
  for (let i = 0; i < 6; i++) heard.push(await new Client(t, front.port).all());
  t.is(heard.filter((name) => name === 'a').length, 3);
  t.is(heard.filter((name) => name === 'b').length, 3);
  await eventually(() => service.active === 0, why('all given back'));
  t.is(front.counts.relayed, 6);
});

testBothRelays('ten megabytes pass both ways unchanged, though nobody reads as fast as others write', async (t, stageOf) => {
  const backend = await Backend.open(t, 'a', echo);
  const { front, service } = await stageOf(t, [backend.server]);
  const octets = randomFillSync(Buffer.alloc(10_000_000));
  const client = new Client(t, front.port);
  const hash = createHash('sha256');
  let size = 0;
  client.socket.removeAllListeners('data');
  client.socket.on('data', (chunk: Buffer) => {
    hash.update(chunk);
    size += chunk.length;
  });
  client.socket.end(octets);
  await client.ended;
  t.is(size, octets.length);
  t.is(hash.digest('hex'), createHash('sha256').update(octets).digest('hex'));
  await eventually(() => service.active === 0, why('given back'));
  const { table } = service.balancer;
  t.true(table.columns.decayedOctets[0]! > 0, 'what moved was counted');
});

testBothRelays('a client that does not read stops the server, and what is in between is bounded', async (t, stageOf) => {
  let written = 0;
  const chunk = Buffer.alloc(65_536);
  const backend = await Backend.open(t, 'a', (socket) => {
    const write = (): void => {
      while (socket.writable) {
        written += chunk.length;
        if (!socket.write(chunk)) break;
      }
    };
    socket.on('drain', write);
    write();
  });
  const { front } = await stageOf(t, [backend.server]);
  const client = new Client(t, front.port);
  client.socket.pause();
  await backend.arrivals(1);
  let before = -1;
  await eventually(() => {
    const isStill = written === before && backend.sockets[0]!.writableNeedDrain;
    before = written;
    return isStill;
  }, why('the server stops'));
  t.true(written < 100_000_000, String(written));
});

testBothRelays('the end of one direction leaves the other one open', async (t, stageOf) => {
  const backend = await Backend.open(t, 'a', (socket) => {
    let asked = '';
    socket.on('data', (chunk) => {
      asked += chunk;
    });
    socket.on('end', () => socket.end(`you said ${asked}`));
  });
  const { front } = await stageOf(t, [backend.server]);
  const client = new Client(t, front.port);
  client.socket.end('everything');
  await client.ended;
  t.is(client.received.toString(), 'you said everything');
  t.is(await client.over, 'closed');
});

testBothRelays('a server may end first, and still hears the client', async (t, stageOf) => {
  const heard: string[] = [];
  const backend = await Backend.open(t, 'a', (socket) => {
    socket.end('bye');
    socket.on('data', (chunk) => heard.push(String(chunk)));
  });
  const { front } = await stageOf(t, [backend.server]);
  const client = new Client(t, front.port);
  await client.ended;
  client.socket.end('late words');
  t.is(await client.over, 'closed');
  await once(backend.sockets[0]!, 'close');
  t.is(heard.join(''), 'late words');
});

testBothRelays('a reset by the server reaches the client as a reset, not as an end', async (t, stageOf) => {
  const backend = await Backend.open(t, 'a', (socket) => {
    socket.write('half of it', () => {});
  });
  const { front, service } = await stageOf(t, [backend.server]);
  const client = new Client(t, front.port);
  await once(client.socket, 'data');
  backend.sockets[0]!.resetAndDestroy();
  t.is(await client.over, 'reset');
  await eventually(() => service.active === 0, why('given back'));
});

testBothRelays('a reset by the client reaches the server', async (t, stageOf) => {
  const backend = await Backend.open(t, 'a', echo);
  const { front } = await stageOf(t, [backend.server]);
  const client = new Client(t, front.port);
  client.socket.write('x');
  await once(client.socket, 'data');
  const closed = new Promise((resolve) => backend.sockets[0]!.once('close', resolve));
  client.socket.resetAndDestroy();
  t.true(await closed, 'by an error');
});

testBothRelays('a server that refuses is left out for another, and the client does not notice', async (t, stageOf) => {
  const backend = await Backend.open(t, 'good', saying('good'));
  const dead = serverOf('dead', { port: await closedTcpPort(t) });
  const { front } = await stageOf(t, [dead, backend.server]);
  for (let i = 0; i < 4; i++) t.is(await new Client(t, front.port).all(), 'good');
  t.true(front.counts.connectFailures >= 1);
  t.is(front.counts.refusedUnserved, 0);
});

testBothRelays('for hashing algorithms too there is another server', async (t, stageOf) => {
  const backend = await Backend.open(t, 'good', saying('good'));
  const dead = await Promise.all(['x', 'y'].map(async (id) => serverOf(id, { port: await closedTcpPort(t) })));
  const algorithm = { kind: 'ip-hash' } as const;
  const { front } = await stageOf(t, [...dead, backend.server], {}, { balancing: balancingOf(algorithm) });
  t.is(await new Client(t, front.port).all(), 'good');
});

testBothRelays('if no server takes the connection the client is reset, and nothing stays counted', async (t, stageOf) => {
  const dead = await Promise.all(['x', 'y', 'z', 'w'].map(async (id) => serverOf(id, { port: await closedTcpPort(t) })));
  const { front, service } = await stageOf(t, dead);
  t.is(await new Client(t, front.port).over, 'reset');
  t.is(front.counts.connectFailures, 3);
  t.is(front.counts.refusedUnserved, 1);
  t.deepEqual([service.active, service.retries.retries], [0, 0]);
  await eventually(() => front.connections === 0, why('forgotten'));
});

testBothRelays('a single server that fails is not tried again at once', async (t, stageOf) => {
  const { front } = await stageOf(t, [serverOf('dead', { port: await closedTcpPort(t) })]);
  t.is(await new Client(t, front.port).over, 'reset');
  t.is(front.counts.connectFailures, 1);
});

testBothRelays('without a retry budget there is one attempt', async (t, stageOf) => {
  const dead = await Promise.all(['x', 'y'].map(async (id) => serverOf(id, { port: await closedTcpPort(t) })));
  const { front } = await stageOf(t, dead, {}, { retry: { percent: 0, least: 0 } });
  t.is(await new Client(t, front.port).over, 'reset');
  t.is(front.counts.connectFailures, 1);
});

testBothRelays('a client that leaves while its server is being connected takes the try with it', async (t, stageOf) => {
  const { front, service } = await stageOf(t, [serverOf('far', { address: '127.0.0.1', port: await fullTcpPort(t) })]);
  const client = new Client(t, front.port);
  await eventually(() => service.active === 1, why('connecting'));
  client.socket.resetAndDestroy();
  await front.close(0);
  await eventually(() => service.active === 0, why('given back'));
  t.is(front.counts.connectFailures, 0);
});

testBothRelays('a server that does not answer in time counts as failed', async (t, stageOf) => {
  const { front } = await stageOf(t, [serverOf('far', { port: await fullTcpPort(t) })], { connectTimeoutMs: 50, attempts: 1 });
  t.is(await new Client(t, front.port).over, 'reset');
  t.is(front.counts.connectFailures, 1);
});

testBothRelays('connections beyond the limit are reset, and there is room again when one has ended', async (t, stageOf) => {
  const backend = await Backend.open(t, 'a', echo);
  const { front } = await stageOf(t, [backend.server], { mostConnections: 1 });
  const first = new Client(t, front.port);
  await backend.arrivals(1);
  t.is(await new Client(t, front.port).over, 'reset');
  t.is(front.counts.refusedByLimit, 1);
  await first.all();
  await eventually(() => front.connections === 0, why('room'));
  t.is(await new Client(t, front.port).all(), '');
});

testBothRelays('one client cannot have all connections; who a client is, a proxy says', async (t, stageOf) => {
  const backend = await Backend.open(t, 'a', echo);
  const { front } = await stageOf(t, [backend.server], { mostConnectionsPerClient: 1, proxyFrom: LOOPBACK });
  const from = (source: string): Client => {
    const client = new Client(t, front.port);
    client.socket.write(`PROXY TCP6 ${source} ::1 1000 443\r\n`);
    return client;
  };
  from('2001:db8::1');
  await backend.arrivals(1);
  t.is(await from('2001:db8::ffff').over, 'reset', 'of the same /64');
  const other = from('2001:db8:0:1::1');
  await backend.arrivals(2);
  await other.all();
  t.is(front.counts.refusedByLimit, 1);
});

testBothRelays('clients wait while all servers are full, and are served in their order', async (t, stageOf) => {
  const backend = await Backend.open(t, 'a', echo, { maxActive: 1 });
  const { front, service } = await stageOf(t, [backend.server], {}, { queue: { mostWaiting: 2, timeoutMs: 60_000 } });
  const clients: Client[] = [];
  for (let i = 0; i < 3; i++) {
    const client = new Client(t, front.port);
    client.socket.write(`client ${i}`);
    clients.push(client);
    await eventually(() => service.active + service.waiting === i + 1, why(`client ${i} is there`));
  }
  t.is(await new Client(t, front.port).over, 'reset', 'the queue is full');
  for (const [i, client] of clients.entries()) t.is(await client.all(), `client ${i}`);
  t.is(service.waiting, 0);
});

testBothRelays('clients that wait are sent away when the service or the front closes', async (t, stageOf) => {
  const backend = await Backend.open(t, 'a', echo, { maxActive: 1 });
  const { front, service } = await stageOf(t, [backend.server], {}, { queue: { mostWaiting: 9, timeoutMs: 300_000 } });
  new Client(t, front.port);
  await backend.arrivals(1);
  const [one, other] = [new Client(t, front.port), new Client(t, front.port)];
  await eventually(() => service.waiting === 2, why('both wait'));
  service.close();
  t.deepEqual([await one.over, await other.over, service.waiting], ['reset', 'reset', 0]);
  new Client(t, front.port);
  await eventually(() => service.waiting === 1, why('a third waits'));
  await front.close(0);
  await eventually(() => service.waiting === 0, why('it has left'));
});

testBothRelays('clients that wait are served when a server is added', async (t, stageOf) => {
  const { front, service } = await stageOf(t, [], {}, { queue: { mostWaiting: 9, timeoutMs: 300_000 } });
  const client = new Client(t, front.port);
  await eventually(() => service.waiting === 1, why('it waits'));
  service.configure([(await Backend.open(t, 'a', saying('late'))).server]);
  t.is(await client.all(), 'late');
});

testBothRelays('who has waited too long is reset', async (t, stageOf) => {
  const backend = await Backend.open(t, 'a', echo, { maxActive: 1 });
  const { front } = await stageOf(t, [backend.server], {}, { queue: { mostWaiting: 2, timeoutMs: 50 } });
  new Client(t, front.port);
  await backend.arrivals(1);
  t.is(await new Client(t, front.port).over, 'reset');
  t.is(front.counts.refusedUnserved, 1);
});

testBothRelays('a connection on which nothing moves is reset on both sides', async (t, stageOf) => {
  const backend = await Backend.open(t, 'a', echo);
  const { front, service } = await stageOf(t, [backend.server], { idleTimeoutMs: 50 });
  const client = new Client(t, front.port);
  t.is(await client.over, 'reset');
  await eventually(() => service.active === 0, why('given back'));
  await eventually(() => backend.sockets[0]!.destroyed, why('the server is let go'));
});

testBothRelays('a client that never reads what it is sent counts as one on which nothing moves', async (t, stageOf) => {
  const backend = await Backend.open(t, 'a', (socket) => {
    const write = (): void => {
      while (socket.writable && socket.write(Buffer.alloc(65_536)));
    };
    socket.on('drain', write);
    write();
  });
  const { front, service } = await stageOf(t, [backend.server], { idleTimeoutMs: 300 });
  const client = new Client(t, front.port);
  client.socket.pause();
  await backend.arrivals(1);
  await eventually(() => backend.sockets[0]!.destroyed && service.active === 0, why('let go'));
  t.is(front.connections, 0);
});

for (const version of [1, 2] as const) {
  testBothRelays(
    `the server learns the client's address by the PROXY protocol, version ${version}, before anything else`,
    async (t, stageOf) => {
      const outer = await Backend.open(t, 'a', (socket) => {
        socket.once('data', (chunk: Buffer) => socket.end(chunk.toString('latin1')));
      });
      const { front } = await stageOf(t, [outer.server], { proxyTo: version });
      const client = new Client(t, front.port);
      await once(client.socket, 'connect');
      const port = client.socket.localPort!;
      const heard = await client.all();
      if (version === 1) t.true(heard.startsWith(`PROXY TCP4 127.0.0.1 127.0.0.1 ${port} ${front.port}\r\n`), heard);
      else t.is(Buffer.from(heard, 'latin1').subarray(24, 26).readUInt16BE(), port);
    },
  );
}

testBothRelays(
  'a header from a proxy is passed on, in the other version, and what follows it is not lost',
  async (t, stageOf) => {
    const backend = await Backend.open(t, 'a', echo);
    const { front } = await stageOf(t, [backend.server], { proxyFrom: LOOPBACK, proxyTo: 1 });
    const client = new Client(t, front.port);
    const header = Buffer.from('0d0a0d0a000d0a515549540a2111000cc0000207c6336401c35001bb', 'hex');
    client.socket.write(Buffer.concat([header.subarray(0, 20)]), () => {
      client.socket.write(Buffer.concat([header.subarray(20), Buffer.from('and the first words')]));
    });
    const wanted = 'PROXY TCP4 192.0.2.7 198.51.100.1 50000 443\r\nand the first words';
    await eventually(() => client.received.length >= wanted.length, why('all of it'));
    t.is(client.received.toString(), wanted);
  },
);

testBothRelays('who should send a header and does not is reset, at once or when the time is over', async (t, stageOf) => {
  const backend = await Backend.open(t, 'a', echo);
  const { front } = await stageOf(t, [backend.server], { proxyFrom: LOOPBACK, headerTimeoutMs: 50 });
  const liar = new Client(t, front.port);
  liar.socket.write('GET / HTTP/1.1\r\n');
  t.is(await liar.over, 'reset');
  const silent = new Client(t, front.port);
  t.is(await silent.over, 'reset');
  const brief = new Client(t, front.port);
  brief.socket.end('PROXY ');
  t.is(await brief.over, 'reset');
  t.is(front.counts.refusedHeader, 3);
  t.is(backend.sockets.length, 0);
});

testBothRelays('closing lets connections end', async (t, stageOf) => {
  const backend = await Backend.open(t, 'a', echo);
  const { front, service } = await stageOf(t, [backend.server]);
  const client = new Client(t, front.port);
  await backend.arrivals(1);
  const closed = front.close(300_000);
  client.socket.write('last words');
  t.is(await client.all(), 'last words');
  await closed;
  await eventually(() => service.active === 0, why('given back'));
});

testBothRelays('when the time for that is over connections are reset on both sides', async (t, stageOf) => {
  const backend = await Backend.open(t, 'a', echo);
  const { front, service } = await stageOf(t, [backend.server]);
  const client = new Client(t, front.port);
  await backend.arrivals(1);
  await front.close(50);
  t.is(await client.over, 'reset');
  await eventually(() => service.active === 0 && backend.sockets[0]!.destroyed, why('given back'));
});

testBothRelays('a change of the servers leaves connections alone', async (t, stageOf) => {
  const backends = await Promise.all(['a', 'b'].map((id) => Backend.open(t, id, echo)));
  const { front, service } = await stageOf(t, [backends[0]!.server]);
  const client = new Client(t, front.port);
  await backends[0]!.arrivals(1);
  service.configure([backends[1]!.server]);
  await new Client(t, front.port).all();
  t.is(backends[1]!.sockets.length, 1);
  client.socket.write('still here');
  t.is(await client.all(), 'still here');
  await eventually(() => service.active === 0, why('given back'));
});

testBothRelays('an address that cannot be used is one problem with a code', async (t, stageOf) => {
  const { front } = await stageOf(t, []);
  const opened = await ListeningPort.open({ ...FRONT, port: front.port });
  t.false(opened.ok);
  if (!opened.ok) {
    t.is(opened.error.code, 'ERR_LISTEN');
    t.regex(opened.error.message, new RegExp(`^tcp 127\\.0\\.0\\.1 port ${front.port} cannot be used: .*EADDRINUSE`));
  }
});
