// Shares over the wire: the counts of ten thousand answers against the exact shares of the policy.

import { createSocket } from 'node:dgram';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parseCidr } from '../../src/base/address.ts';
import { OPTION } from '../../src/wire/constants.ts';
import { encodeEcs } from '../../src/wire/ecs-option.ts';
import { decodeMessage, encodeQuery } from '../../src/wire/message.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { TYPE } from '../../src/wire/rrtype.ts';
import { demoDirectory, startServer } from '../support/server.ts';

const QUERIES = 10_000;
/** Queries under way at once: well below what a socket's buffer holds, so that none is lost. */
const WINDOW = 32;

/** Asks A of `name` once for each network, and counts the addresses of the first answers. */
async function countAnswers(port: number, name: string, networks: readonly string[]): Promise<Map<string, number>> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.connect(port, '127.0.0.1', resolve));
  const counts = new Map<string, number>();
  const wireName = nameFromText(name) as Uint8Array;
  let sent = 0;
  const sendNext = (): void => {
    const data = encodeEcs(parseCidr(networks[sent]!)!);
    const edns = { udpPayloadSize: 1232, dnssecOk: false, options: [{ code: OPTION.ECS, data }] };
    socket.send(
      encodeQuery({ id: sent++ & 0xffff, name: wireName, type: TYPE.A, flags: { rd: false, ad: false, cd: false }, edns }),
    );
  };
  await new Promise<void>((resolve, reject) => {
    let received = 0;
    socket.on('error', reject);
    socket.on('message', (octets) => {
      const reply = decodeMessage(octets);
      if (typeof reply === 'string') return reject(new Error(reply));
      const address = reply.answers[0]!.rdata.join('.');
      counts.set(address, (counts.get(address) ?? 0) + 1);
      if (++received === networks.length) resolve();
      else if (sent < networks.length) sendNext();
    });
    for (let i = 0; i < WINDOW; i++) sendNext();
  });
  socket.close();
  return counts;
}

test.serial('over 10,000 queries each member is within one of its exact share, for each worker', async (t) => {
  const directory = demoDirectory();
  const config = join(directory, 'meridian.yaml');
  const weights = { '192.0.2.1': 997, '192.0.2.2': 1009, '192.0.2.3': 13, '192.0.2.4': 1 };
  const members = Object.entries(weights).map(
    ([v4, weight]) => `- { site: london, name: m${weight}, v4: ${v4}, weight: ${weight} }`,
  );
  writeFileSync(
    config,
    readFileSync(config, 'utf8')
      .replace(/workers: 0/, 'workers: 1')
      .replace(/^pools:$/m, `pools:\n  uneven:\n    members:\n      ${members.join('\n      ')}\n`)
      .replace(/^policies:$/m, 'policies:\n  uneven-policy:\n    rule: { pool: uneven }\n'),
  );
  writeFileSync(
    join(directory, 'weights.test.zone'),
    '$TTL 60\n@ SOA ns.example.net. h.example.net. 1 60 60 60 60\n@ NS ns.example.net.\n@ GSLB uneven-policy\n',
  );
  const server = await startServer(directory);
  try {
    const counts = await countAnswers(server.port, 'weights.test', new Array<string>(QUERIES).fill('81.2.69.0/24'));
    const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
    for (const [address, weight] of Object.entries(weights)) {
      const exact = (QUERIES * weight) / total;
      const counted = counts.get(address) ?? 0;
      t.true(Math.abs(counted - exact) <= 1, `${address}: ${counted} answers, exactly ${exact}`);
    }
  } finally {
    await server.stop();
  }
});

test.serial('sticky: a client network keeps its member, and networks spread by weight', async (t) => {
  const server = await startServer();
  try {
    const networks = Array.from({ length: 2000 }, (_, i) => `81.${i >> 8}.${i & 255}.0/24`);
    const first = await countAnswers(server.port, 'sticky.example.test', networks);
    const again = await countAnswers(server.port, 'sticky.example.test', networks);
    t.deepEqual(again, first);
    // Weights 4 4 4 4 3 1: a fifth of 2,000 is 400; five standard deviations of a binomial count are 90.
    for (const site of ['10', '20', '30', '40']) t.true(Math.abs(first.get(`192.0.2.${site}`)! - 400) < 90);
  } finally {
    await server.stop();
  }
});
