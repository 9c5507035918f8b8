// Zone data is served unchanged: every octet in labels and strings, types nobody has defined, and the largest RRsets, octet for
// octet over UDP and TCP, and as dig reads them.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { ask } from '../../src/client/dns-client.ts';
import { decodeMessage } from '../../src/wire/message.ts';
import type { Message } from '../../src/wire/message-types.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { dig as digAt } from '../support/dig.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { queryOctets, wireName } from '../support/query-octets.ts';
import { demoDirectory, type RunningServer, startServer } from '../support/server.ts';

const ALL = Array.from({ length: 256 }, (_, octet) => octet);
const escaped = (octet: number): string => `\\${String(octet).padStart(3, '0')}`;
const hex = (octets: Uint8Array | readonly number[]): string => Buffer.from(octets).toString('hex');
const MANY = 900;

/** Each octet as a label of its own, in a TXT string, and in the name that a PTR record gives. */
const ZONE = `$ORIGIN octets.test.
$TTL 1h
@ SOA ns.example.net. hostmaster 1 1h 15m 2w 5m
@ NS ns.example.net.
${ALL.map((octet) => `${escaped(octet)}.label TXT "${escaped(octet)}"`).join('\n')}
${ALL.map((octet) => `p${octet} PTR ${octet}${escaped(octet)}b.label`).join('\n')}
unknown TYPE65280 \\# 256 ${hex(ALL)}
empty TYPE65281 \\# 0
old TYPE3 \\# 4 01020304
strings TXT ${Array(4)
  .fill(`"${'x'.repeat(255)}"`)
  .join(' ')} ""
${Array.from({ length: MANY }, (_, i) => `many A 10.0.${i >> 8}.${i & 255}`).join('\n')}
`;

let server: RunningServer;
test.before(async () => {
  const directory = demoDirectory();
  writeFileSync(join(directory, 'octets.test.zone'), ZONE);
  server = await startServer(directory);
});
test.after.always(async () => {
  await server?.stop();
});

async function answers(name: Uint8Array, type: string, transport: 'udp' | 'tcp'): Promise<Message> {
  const query = queryOctets({ id: 1, name, type, opt: {} });
  const asked = { server: '127.0.0.1', port: server.port, query, transport, timeoutMs: PATIENCE_MS, retryTruncated: true };
  const reply = await ask(asked);
  if (!reply.ok) throw new Error(reply.error.message);
  return decodeMessage(reply.value.octets) as Message;
}

const LABEL = wireName('label.octets.test.');
/** The name that p<octet> points to: its number, the octet, and a letter. */
const target = (octet: number): Buffer => {
  const label = Buffer.concat([Buffer.from(String(octet)), Buffer.of(octet, 98)]);
  return Buffer.concat([Buffer.of(label.length), label, LABEL]);
};
const isUpper = (octet: number): boolean => octet >= 65 && octet <= 90;
const isLower = (octet: number): boolean => octet >= 97 && octet <= 122;

for (const transport of ['udp', 'tcp'] as const) {
  test(`RFC 2181 section 11: each of the 256 octets is found as a label and comes back in a string over ${transport}`, async (t) => {
    for (const octet of ALL) {
      const owner = Uint8Array.of(1, octet, ...LABEL);
      const { answers: records } = await answers(owner, 'TXT', transport);
      // Names that differ in the case of ASCII letters alone are one name (RFC 4343).
      const twin = isUpper(octet) ? octet + 32 : isLower(octet) ? octet - 32 : octet;
      const expected = [...new Set([octet, twin])].map((one) => hex([1, one]));
      t.deepEqual(records.map(({ rdata }) => hex(rdata)).toSorted(), expected.toSorted(), `octet ${octet}`);
      for (const record of records) t.is(hex(record.owner), hex(owner));
    }
  });

  test(`RFC 1035 section 2.3.3: each of the 256 octets in the name that a record gives keeps its value and case over ${transport}`, async (t) => {
    for (const octet of ALL) {
      const { answers: records } = await answers(wireName(`p${octet}.octets.test.`), 'PTR', transport);
      t.deepEqual(
        records.map(({ rdata }) => hex(rdata)),
        [hex(target(octet))],
      );
    }
  });

  test(`RFC 3597 section 3: unknown types are served octet for octet over ${transport}`, async (t) => {
    const rdataOf = async (name: string, type: string): Promise<string[]> =>
      (await answers(wireName(name), type, transport)).answers.map(({ rdata }) => hex(rdata));
    t.deepEqual(await rdataOf('unknown.octets.test.', 'TYPE65280'), [hex(ALL)]);
    t.deepEqual(await rdataOf('empty.octets.test.', 'TYPE65281'), ['']);
    t.deepEqual(await rdataOf('old.octets.test.', 'TYPE3'), ['01020304']);
  });
}

test('RFC 1035 section 3.3.14: several strings of one TXT record stay several, the empty one too', async (t) => {
  const [record] = (await answers(wireName('strings.octets.test.'), 'TXT', 'udp')).answers;
  t.is(hex(record!.rdata), [...Array(4).fill(`ff${'78'.repeat(255)}`), '00'].join(''));
});

test('RFC 2181 section 5: a large RRset is truncated over UDP and whole over TCP', async (t) => {
  const { answers: records, flags } = await answers(wireName('many.octets.test.'), 'A', 'udp'); // asks again over TCP
  t.false(flags.tc);
  t.is(new Set(records.map(({ rdata }) => hex(rdata))).size, MANY);
  t.is(new Set(records.map(({ ttlSec }) => ttlSec)).size, 1);
});

const dig = async (...args: string[]): Promise<string> => (await digAt(server.port, '+short', ...args)).trim();

test('dig prints every octet of a name in a form that stands for the same octet', async (t) => {
  const questions = ALL.flatMap((octet) => [`p${octet}.octets.test`, 'PTR']);
  const lines = (await dig(...questions)).split('\n');
  t.is(lines.length, 256);
  for (const octet of ALL) t.is(hex(nameFromText(lines[octet]!) as Uint8Array), hex(target(octet)), lines[octet]);
});

test('dig prints the unknown type as it stands in the zone file', async (t) => {
  t.is((await dig('unknown.octets.test', 'TYPE65280')).replaceAll(' ', '').toLowerCase(), `\\#256${hex(ALL)}`);
});
