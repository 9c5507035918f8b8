// What a TCP front asks of clients before they get a server, and what it bears from them afterwards. Real sockets on loopback.

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls';
import type { ExecutionContext } from 'ava';
import { parseCidr } from '../../../../src/base/address.ts';
import { ServerNames } from '../../../../src/site/l4/server-names.ts';
import type { Service } from '../../../../src/site/service.ts';
import { serverOf } from '../../../support/balance.ts';
import { type StageOf, testBothRelays } from '../../../support/both-relays.ts';
import { helloFor } from '../../../support/client-hello.ts';
import { closedTcpPort } from '../../../support/closed-port.ts';
import { eventually } from '../../../support/patience.ts';
import { Backend, Client, echo, FRONT, saying, serviceOf } from '../../../support/site.ts';

const LOOPBACK = [parseCidr('127.0.0.0/8')!];
const UNRECOGNIZED_NAME = '15030300020270';
const why = (what: string) => (): string => `never: ${what}`;

/** A front where `a.test` and all below `b.test` have services of their own, the first server being that of the others, if any. */
async function namedStage(t: ExecutionContext, stageOf: StageOf, others: boolean, front: Parameters<StageOf>[2] = {}) {
  const [other, a, b] = await Promise.all(['other', 'a', 'b'].map((id) => Backend.open(t, id, echo)));
  const byName = new Map([
    ['a.test', serviceOf([a!.server])],
    ['*.b.test', serviceOf([b!.server])],
  ]);
  const targetOf = (service: Service) => new ServerNames(byName, others ? service : null);
  const stage = await stageOf(t, [other!.server], front, {}, targetOf);
  const heard = async (octets: Buffer): Promise<string> => {
    const client = new Client(t, stage.front.port);
    client.socket.end(octets);
    const how = await client.over;
    return how === 'reset' ? how : client.received.toString('hex');
  };
  return { ...stage, heard, arrived: () => [other!, a!, b!].map(({ sockets }) => sockets.length) };
}

testBothRelays(
  'the name in a ClientHello decides which service has the connection, and the server gets every octet',
  async (t, stageOf) => {
    const { heard, arrived, front } = await namedStage(t, stageOf, true);
    const later = Buffer.from('and what follows');
    for (const name of ['a.test', 'x.b.test', 'c.test']) {
      const octets = Buffer.concat([helloFor(name), later]);
      t.is(await heard(octets), octets.toString('hex'), name);
    }
    t.deepEqual(arrived(), [1, 1, 1]);
    t.is(front.counts.relayed, 3);
  },
);

testBothRelays('a ClientHello may come octet by octet, behind a PROXY header', async (t, stageOf) => {
  const { front, arrived } = await namedStage(t, stageOf, false, { proxyFrom: LOOPBACK });
  const client = new Client(t, front.port);
  await once(client.socket.setNoDelay(), 'connect');
  const octets = Buffer.concat([Buffer.from('PROXY TCP4 192.0.2.7 192.0.2.1 5 443\r\n'), helloFor('a.test')]);
  for (const octet of octets) await new Promise((resolve) => client.socket.write(Buffer.of(octet), resolve));
  client.socket.end();
  await client.over;
  t.is(client.received.toString('hex'), helloFor('a.test').toString('hex'));
  t.deepEqual(arrived(), [0, 1, 0]);
});

testBothRelays(
  "a name that is nobody's is refused with the alert that says so, and no server hears of it",
  async (t, stageOf) => {
    const { heard, arrived, front } = await namedStage(t, stageOf, false);
    t.is(await heard(helloFor('c.test')), UNRECOGNIZED_NAME);
    t.is(front.counts.refusedName, 1);
    t.deepEqual(arrived(), [0, 0, 0]);
    await eventually(() => front.connections === 0, why('forgotten'));
  },
);

testBothRelays('who speaks no TLS, breaks off, or takes too long over its ClientHello is reset', async (t, stageOf) => {
  const { heard, arrived, front } = await namedStage(t, stageOf, true, { headerTimeoutMs: 50 });
  t.is(await heard(Buffer.from('GET / HTTP/1.1\r\n\r\n')), 'reset');
  t.is(await heard(helloFor('a.test').subarray(0, 20)), 'reset');
  const slow = new Client(t, front.port);
  slow.socket.write(helloFor('a.test').subarray(0, 20));
  t.is(await slow.over, 'reset');
  t.is(front.counts.refusedHello, 3);
  t.deepEqual(arrived(), [0, 0, 0]);
});

testBothRelays('real TLS passes untouched: the client sees the certificate of the server behind', async (t, stageOf) => {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-sni-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const servers = await Promise.all(
    ['a.test', 'b.test'].map(async (name) => {
      const [key, cert] = [join(directory, `${name}.key`), join(directory, `${name}.pem`)];
      const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
      execFileSync('openssl', ['req', '-x509', ...kind, '-keyout', key, '-out', cert, '-subj', `/CN=${name}`], {
        stdio: 'ignore',
      });
      const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (socket) => socket.pipe(socket));
      t.teardown(() => server.close());
      await once(server.listen(0, '127.0.0.1'), 'listening');
      return serviceOf([serverOf(name, { port: (server.address() as { port: number }).port })]);
    }),
  );
  const byName = new Map([
    ['a.test', servers[0]!],
    ['b.test', servers[1]!],
  ]);
  const { front } = await stageOf(t, [], {}, {}, () => new ServerNames(byName, null));
  for (const servername of byName.keys()) {
    const socket: TLSSocket = connectTls({ port: front.port, host: '127.0.0.1', servername, rejectUnauthorized: false });
    t.teardown(() => socket.destroy());
    await once(socket, 'secureConnect');
    t.is(socket.getPeerCertificate().subject.CN, servername);
    socket.end('through');
    t.is(String((await once(socket, 'data'))[0]), 'through');
  }
  const refused = connectTls({ port: front.port, host: '127.0.0.1', servername: 'c.test', rejectUnauthorized: false });
  const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
  t.regex(error.message, /unrecognized name/);
});

testBothRelays('where clients must speak first no server is asked before, and who says nothing is reset', async (t, stageOf) => {
  const backend = await Backend.open(t, 'a', echo);
  const { front } = await stageOf(t, [backend.server], { silenceTimeoutMs: 100 });
  const silent = new Client(t, front.port);
  t.is(await silent.over, 'reset');
  const brief = new Client(t, front.port);
  brief.socket.end();
  t.is(await brief.over, 'reset');
  t.is(front.counts.refusedSilent, 2);
  t.is(backend.sockets.length, 0);
  const talkative = new Client(t, front.port);
  talkative.socket.write('x');
  await backend.arrivals(1);
  talkative.socket.end('yz');
  await talkative.ended;
  t.is(talkative.received.toString(), 'xyz');
});

testBothRelays('a client that takes nothing of what it is sent is reset, even while it goes on sending', async (t, stageOf) => {
  const backend = await Backend.open(t, 'a', (socket) => {
    const write = (): void => {
      while (socket.writable && socket.write(Buffer.alloc(65_536)));
    };
    socket.on('drain', write);
    socket.resume();
    write();
  });
  const { front, service } = await stageOf(t, [backend.server], { stallTimeoutMs: 500 });
  const client = new Client(t, front.port);
  client.socket.pause();
  const sending = setInterval(() => client.socket.write('still here'), 20);
  await backend.arrivals(1);
  await eventually(() => front.counts.stalled === 1 && service.active === 0, why('let go'));
  clearInterval(sending);
  t.is(front.connections, 0);
  t.is(front.counts.idle, 0);
});

testBothRelays('a client with nothing to take may stay for as long as it likes', async (t, stageOf) => {
  const backend = await Backend.open(t, 'a', echo);
  const { front } = await stageOf(t, [backend.server], { stallTimeoutMs: 50 });
  const client = new Client(t, front.port);
  client.socket.write('one');
  await once(client.socket, 'data');
  // Longer than two looks at the connections, so that it would have been seen.
  await new Promise((resolve) => setTimeout(resolve, 2500));
  client.socket.end('two');
  await client.ended;
  t.is(client.received.toString(), 'onetwo');
});

testBothRelays('connections beyond the rate are reset: in all, and of one client', async (t, stageOf) => {
  const backend = await Backend.open(t, 'a', saying('a'));
  const rate = { perSec: 0.001, burst: 2 };
  for (const differs of [{ connectionRate: rate }, { connectionRatePerClient: rate }]) {
    const { front } = await stageOf(t, [backend.server], differs);
    const outcomes: string[] = [];
    for (let i = 0; i < 4; i++) {
      const client = new Client(t, front.port);
      outcomes.push((await client.all()) || (await client.over));
    }
    t.deepEqual(outcomes, ['a', 'a', 'reset', 'reset']);
    t.is(front.counts.refusedByRate, 2);
  }
});

testBothRelays('a rate that is raised by a reload holds at once', async (t, stageOf) => {
  const backend = await Backend.open(t, 'a', saying('a'));
  const { front, service } = await stageOf(t, [backend.server], { connectionRate: { perSec: 0.001, burst: 1 } });
  t.is(await new Client(t, front.port).all(), 'a');
  t.is(await new Client(t, front.port).over, 'reset');
  front.replace({ ...FRONT, connectionRate: null }, service);
  t.is(await new Client(t, front.port).all(), 'a');
});

testBothRelays('a server that is refused for one name is not asked for another one', async (t, stageOf) => {
  const dead = serviceOf([serverOf('dead', { port: await closedTcpPort(t) })]);
  const alive = await Backend.open(t, 'a', echo);
  const byName = new Map([['dead.test', dead]]);
  const { front } = await stageOf(t, [alive.server], {}, {}, (service) => new ServerNames(byName, service));
  const client = new Client(t, front.port);
  client.socket.write(helloFor('dead.test'));
  t.is(await client.over, 'reset');
  t.is(front.counts.refusedUnserved, 1);
  t.is(alive.sockets.length, 0);
});
