// Every reply of the running server, read by three decoders: ours, dns2's and dns-packet's. They must agree on what it says.

import test from 'ava';
import dnsPacket from 'dns-packet';
import { ask } from '../../src/client/dns-client.ts';
import { decodeMessage, encodeQuery } from '../../src/wire/message.ts';
import type { Message } from '../../src/wire/message-types.ts';
import { nameFromText, nameToText } from '../../src/wire/name.ts';
import { TYPE } from '../../src/wire/rrtype.ts';
import { decodeWithDns2 } from '../support/dns2.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { type RunningServer, startServer } from '../support/server.ts';

let server: RunningServer;
test.before(async () => {
  server = await startServer();
});
test.after.always(async () => {
  await server?.stop();
});

const NAMES = [
  '@',
  'www',
  'api',
  'cdn',
  'static',
  'sticky',
  'intranet',
  'x.apps',
  'shop',
  'a.legacy',
  'legacy',
  'mail',
  'ns1',
  'host.lab',
  'lab',
  'nowhere',
  '_tcp',
  '*.apps',
];
const TYPES = ['A', 'AAAA', 'NS', 'SOA', 'MX', 'TXT', 'CAA', 'HTTPS', 'SRV', 'CNAME', 'DNAME', 'DS', 'PTR', 'ANY'] as const;

async function reply(name: string, type: number, transport: 'udp' | 'tcp', hasEdns: boolean): Promise<Uint8Array> {
  const wireName = nameFromText(name, nameFromText('example.test.') as Uint8Array) as Uint8Array;
  const edns = { udpPayloadSize: 1232, dnssecOk: false, options: [] };
  const flags = { rd: true, ad: false, cd: false };
  const query = encodeQuery({ id: 4711, name: wireName, type, flags, ...(hasEdns ? { edns } : {}) });
  const result = await ask({ server: '127.0.0.1', port: server.port, query, transport, timeoutMs: PATIENCE_MS });
  if (!result.ok) throw new Error(result.error.message);
  return result.value.octets;
}

const owners = (message: Message, section: 'answers' | 'authorities' | 'additionals'): string[] =>
  message[section].map(({ owner, type }) => `${nameToText(owner).replace(/\.$/, '').toLowerCase()} ${type}`);

for (const transport of ['udp', 'tcp'] as const) {
  for (const hasEdns of [true, false]) {
    test(`three decoders agree on every reply over ${transport} ${hasEdns ? 'with' : 'without'} EDNS`, async (t) => {
      for (const name of NAMES) {
        for (const typeName of TYPES) {
          const octets = await reply(name, TYPE[typeName], transport, hasEdns);
          const where = `${name} ${typeName}: ${Buffer.from(octets).toString('hex')}`;
          const ours = decodeMessage(octets) as Message;
          t.is(typeof ours, 'object', where);
          const theirs = decodeWithDns2(octets);
          t.deepEqual(
            [theirs.header.id, theirs.header.rcode, theirs.header.aa === 1],
            [ours.id, ours.rcode, ours.flags.aa],
            where,
          );
          const withoutOpt = theirs.additionals.filter(({ type }) => type !== TYPE.OPT);
          for (const [section, records] of [
            ['answers', theirs.answers],
            ['authorities', theirs.authorities],
            ['additionals', withoutOpt],
          ] as const) {
            t.deepEqual(
              records.map((record) => `${record.name.toLowerCase()} ${record.type}`),
              owners(ours, section),
              where,
            );
          }
          const third = dnsPacket.decode(Buffer.from(octets));
          t.is(third.answers?.length, ours.answers.length, where);
          t.is(third.authorities?.length, ours.authorities.length, where);
          t.is(dnsPacket.decode.bytes, octets.length, where);
        }
      }
    });
  }
}
