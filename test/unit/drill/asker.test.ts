// The questions of a drill, over real sockets to a small DNS server of the test's own.

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import test from 'ava';
import dnsPacket from 'dns-packet';
import { parseCidr } from '../../../src/base/address.ts';
import { startAsking } from '../../../src/drill/asker.ts';
import type { Answer } from '../../../src/drill/model.ts';
import { nameFromText } from '../../../src/wire/name.ts';

const ROUND_MS = 5;
const NETWORK = '192.0.2.0/24';

/** Answers by `addressOf` the client network; undefined = no reply, null = one without an address. */
async function serverOf(addressOf: (network: string) => string | null | undefined): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.on('message', (octets, { address, port }) => {
    const query = dnsPacket.decode(octets);
    const [opt] = query.additionals as unknown as [{ options: [{ ip: string; sourcePrefixLength: number }] }];
    const [{ ip, sourcePrefixLength }] = opt.options;
    const found = addressOf(`${ip}/${sourcePrefixLength}`);
    if (found === undefined) return;
    const [question] = query.questions!;
    const answers = found === null ? [] : [{ type: 'A' as const, name: question!.name, ttl: 1, data: found }];
    socket.send(dnsPacket.encode({ type: 'response', id: query.id!, questions: query.questions!, answers }), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

/** The first answer that clients of the network get. */
async function firstAnswer(server: Socket): Promise<Answer> {
  const { port } = server.address();
  let stop: () => Promise<void> = () => Promise.resolve();
  const answer = await new Promise<Answer>((resolve) => {
    stop = startAsking({
      servers: [{ name: 'one', address: '127.0.0.1', port }],
      networks: [{ text: NETWORK, network: parseCidr(NETWORK)! }],
      name: nameFromText('www.example.test') as Uint8Array,
      roundMs: ROUND_MS,
      siteOf: (address) => (address === '198.51.100.1' ? 'x' : undefined),
      take: resolve,
    });
  });
  await stop();
  server.close();
  return answer;
}

test('a server is asked for the client network, and its address is told as the site that has it', async (t) => {
  const seen: string[] = [];
  const server = await serverOf((network) => {
    seen.push(network);
    return '198.51.100.1';
  });
  const { site, client, trouble } = await firstAnswer(server);
  t.deepEqual([site, client, trouble, seen[0]], ['x', NETWORK, null, NETWORK]);
});

test('an address of no known site is told as it is', async (t) => {
  t.is((await firstAnswer(await serverOf(() => '198.51.100.9'))).site, '198.51.100.9');
});

test('a reply without an address is told as empty', async (t) => {
  const { site, trouble } = await firstAnswer(await serverOf(() => null));
  t.deepEqual([site, trouble], [null, 'empty']);
});

test('a query that is never answered is told as lost, and sent once only', async (t) => {
  let asked = 0;
  const server = await serverOf(() => {
    asked++;
    return undefined;
  });
  const { port } = server.address();
  const told: Answer[] = [];
  const stop = startAsking({
    servers: [{ name: 'one', address: '127.0.0.1', port }],
    networks: [{ text: NETWORK, network: parseCidr(NETWORK)! }],
    name: nameFromText('www.example.test') as Uint8Array,
    roundMs: ROUND_MS,
    siteOf: () => undefined,
    take: (answer) => told.push(answer),
  });
  while (asked === 0) await once(server, 'message');
  await stop();
  server.close();
  t.is(told.length, asked);
  t.true(told.every(({ trouble }) => trouble === 'lost'));
});
