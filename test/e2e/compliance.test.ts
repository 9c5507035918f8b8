// The probes of RFC 8906 section 8, as genreport of ISC sends them, against the running server over real sockets: whatever a
// client sets, every well-formed query gets the reply that the RFCs name. Each probe asks for the SOA record of the zone unless it
// says otherwise.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { RCODE } from '../../src/wire/constants.ts';
import { decodeMessage } from '../../src/wire/message.ts';
import type { Message } from '../../src/wire/message-types.ts';
import { TYPE } from '../../src/wire/rrtype.ts';
import { askTcp, askUdp } from '../support/prober.ts';
import { ecs, type OptSpec, option, type QuerySpec, queryOctets } from '../support/query-octets.ts';
import { demoDirectory, type RunningServer, startServer } from '../support/server.ts';

let server: RunningServer;
test.before(async () => {
  const directory = demoDirectory();
  const config = join(directory, 'meridian.yaml');
  writeFileSync(config, readFileSync(config, 'utf8').replace(/^server:$/m, 'server:\n  nsid: probe-1'));
  server = await startServer(directory);
});
test.after.always(async () => {
  await server?.stop();
});

const RA_AND_Z = 0xc0;
const DO = 0x8000;
const FLAG = { AA: 0x0400, TC: 0x0200, RD: 0x0100, RA: 0x0080, Z: 0x0040, AD: 0x0020, CD: 0x0010 } as const;
const COOKIE = option(10, 1, 2, 3, 4, 5, 6, 7, 8);
const NSID = option(3);
const EXPIRE = option(9);
const WORLD = ecs(1, 0, []);

async function probe(t: ExecutionContext, spec: QuerySpec, transport: 'udp' | 'tcp' = 'udp') {
  const query = queryOctets({ id: 0x0a0b, ...spec });
  const replies = transport === 'udp' ? await askUdp(server.port, query) : [(await askTcp(server.port, query)).reply!];
  t.is(replies.length, 1);
  const octets = replies[0]!;
  const message = decodeMessage(octets) as Message;
  t.is(message.id, 0x0a0b);
  t.true(message.isResponse);
  t.is(octets[3]! & RA_AND_Z, 0, 'RA and Z are clear');
  t.is(message.edns !== undefined, spec.opt !== undefined, 'an OPT record if and only if one was asked with');
  return { octets, message, option: (code: number) => message.edns?.options.find((one) => one.code === code)?.data };
}

function hasSoa(t: ExecutionContext, message: Message): void {
  t.is(message.rcode, RCODE.NOERROR);
  t.true(message.flags.aa);
  t.false(message.flags.tc);
  t.deepEqual(
    message.answers.map(({ type }) => type),
    [TYPE.SOA],
  );
}

for (const [name, flag] of [
  ['none', 0],
  ['AA', FLAG.AA],
  ['RA', FLAG.RA],
  ['TC', FLAG.TC],
  ['Z', FLAG.Z],
  ['AD', FLAG.AD],
] as const) {
  test(`RFC 8906 section 8.1.3 and RFC 6895 section 2: header flag ${name} in a query changes nothing in the answer`, async (t) => {
    const { octets, message } = await probe(t, { flags: flag });
    hasSoa(t, message);
    t.deepEqual([octets[2], octets[3]], [0x84, 0]);
  });
}

test('RFC 1035 section 4.1.1: RD is copied, and recursion is not offered', async (t) => {
  const { octets, message } = await probe(t, { flags: FLAG.RD });
  hasSoa(t, message);
  t.deepEqual([octets[2], octets[3]], [0x85, 0]);
});

test('RFC 8906 section 8.1.3: a query with CD is answered, without AD', async (t) => {
  const { message } = await probe(t, { flags: FLAG.CD });
  hasSoa(t, message);
  t.false(message.flags.ad);
});

for (const flags of [0x7800, 0x7800 | FLAG.AA | FLAG.TC | FLAG.RD | FLAG.RA | FLAG.Z | FLAG.AD | FLAG.CD]) {
  test(`RFC 8906 section 8.1.4: opcode 15 with flags ${(flags & 0x7ff).toString(16)} is NOTIMP, header only, every flag clear`, async (t) => {
    const { octets } = await probe(t, { flags, counts: [0, 0, 0, 0], question: new Uint8Array(0) });
    t.deepEqual([...octets], [0x0a, 0x0b, 0xf8, RCODE.NOTIMP, 0, 0, 0, 0, 0, 0, 0, 0]);
  });
}

// Every type below 66 that may be asked for, SPF and CAA, and two that nobody has defined.
const between = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);
const ABSENT_TYPES = [...between(1, 32), ...between(34, 39), ...between(42, 53), ...between(55, 65), 99, 257, 666, 1000];

test('RFC 8906 section 8.1.2 and RFC 2308 section 2.2: 65 types that a name does not have are NODATA with the SOA', async (t) => {
  t.is(ABSENT_TYPES.length, 65);
  for (const type of ABSENT_TYPES) {
    const { message } = await probe(t, { name: '_submission._tcp.example.test.', type });
    t.is(message.rcode, RCODE.NOERROR, `type ${type}`);
    t.true(message.flags.aa);
    t.is(message.answers.length, 0, `type ${type}`);
    t.deepEqual(
      message.authorities.map((record) => [record.type, record.ttlSec]),
      [[TYPE.SOA, 300]],
    );
  }
});

for (const [what, opt] of [
  ['without EDNS', {}],
  ['with EDNS, DO and a size of 512', { opt: { udpPayloadSize: 512, flags: DO } }],
] as [string, { opt?: OptSpec }][]) {
  test(`RFC 7766 section 5: TCP ${what} gives the complete answer`, async (t) => {
    const { message } = await probe(t, opt, 'tcp');
    hasSoa(t, message);
    const { message: keys } = await probe(t, { ...opt, type: 'DNSKEY' }, 'tcp');
    t.is(keys.rcode, RCODE.NOERROR);
    t.false(keys.flags.tc);
  });
}

test('RFC 6891 section 6.1.1: a query with EDNS gets an OPT record of version 0', async (t) => {
  const { message } = await probe(t, { opt: {} });
  hasSoa(t, message);
  t.deepEqual(message.edns, { udpPayloadSize: 1232, version: 0, dnssecOk: false, options: [] });
});

for (const [what, opt] of [
  ['alone', {}],
  ['with option 100', { options: [option(100)] }],
  ['with DO', { flags: DO }],
  ['with NSID', { options: [NSID] }],
  ['with a cookie', { options: [COOKIE] }],
  ['with EXPIRE', { options: [EXPIRE] }],
  ['with a client subnet', { options: [WORLD] }],
] as [string, OptSpec][]) {
  test(`RFC 6891 section 6.1.3: EDNS version 1 ${what} is BADVERS with version 0 and without an answer`, async (t) => {
    const { message } = await probe(t, { opt: { ...opt, version: 1 } });
    t.is(message.rcode, RCODE.BADVERS);
    t.is(message.edns?.version, 0);
    t.is(message.answers.length + message.authorities.length, 0);
    t.false(message.flags.aa);
  });
}

test('RFC 6891 section 6.2.5: a reply fits the 512 octets that the client can take, or has TC and the OPT record', async (t) => {
  const { octets, message } = await probe(t, { type: 'ANY', opt: { udpPayloadSize: 512, flags: DO } });
  t.true(octets.length <= 512);
  t.is(message.rcode, RCODE.NOERROR);
});

test('RFC 6891 section 6.1.2: an unknown option is ignored and not echoed', async (t) => {
  const { message, option: found } = await probe(t, { opt: { options: [option(100, 1, 2)] } });
  hasSoa(t, message);
  t.is(found(100), undefined);
});

test('RFC 6891 section 6.1.4: unknown EDNS flags are ignored and clear in the reply', async (t) => {
  const { octets, message } = await probe(t, { opt: { flags: 0x0080 } });
  hasSoa(t, message);
  t.deepEqual([...octets.subarray(-4, -2)], [0, 0]);
});

for (const [what, flags] of [
  ['DO', 0],
  ['DO with CD', FLAG.CD],
] as const) {
  test(`RFC 3225 section 3: ${what} is answered, with DO copied`, async (t) => {
    const { message } = await probe(t, { flags, opt: { flags: DO } });
    hasSoa(t, message);
    t.true(message.edns?.dnssecOk);
  });
}

test('RFC 8906 section 8.2.10: NSID, a client subnet, EXPIRE and a cookie together are each answered', async (t) => {
  const { message, option: found } = await probe(t, { opt: { options: [NSID, WORLD, EXPIRE, COOKIE] } });
  hasSoa(t, message);
  t.is(Buffer.from(found(3)!).toString(), 'probe-1');
  t.deepEqual([...found(8)!], [0, 1, 0, 0]);
  t.is(found(10)!.length, 24);
});

test('RFC 5001 section 2: NSID is sent to those who ask for it only, with BADVERS too', async (t) => {
  t.is(Buffer.from((await probe(t, { opt: { options: [NSID] } })).option(3)!).toString(), 'probe-1');
  t.is(Buffer.from((await probe(t, { opt: { version: 1, options: [NSID] } })).option(3) ?? []).toString(), 'probe-1');
  t.is((await probe(t, { opt: {} })).option(3), undefined);
});

test('RFC 7873 section 5.2.3: a client cookie comes back with a server cookie behind it, which is accepted', async (t) => {
  const first = (await probe(t, { opt: { options: [COOKIE] } })).option(10)!;
  t.is(first.length, 24);
  t.deepEqual([...first.subarray(0, 8)], [1, 2, 3, 4, 5, 6, 7, 8]);
  const { message, option: found } = await probe(t, { opt: { options: [option(10, ...first)] } });
  hasSoa(t, message);
  t.deepEqual([...found(10)!.subarray(0, 8)], [1, 2, 3, 4, 5, 6, 7, 8]);
});

test('RFC 7314 section 3: EXPIRE from one who is no secondary is answered like any other query', async (t) => {
  hasSoa(t, (await probe(t, { opt: { options: [EXPIRE] } })).message);
});

test('RFC 7871 section 7.2.1: a client subnet comes back as it was sent, with scope 0 for static data', async (t) => {
  const { message, option: found } = await probe(t, { opt: { options: [ecs(1, 24, [198, 51, 100])] } });
  hasSoa(t, message);
  t.deepEqual([...found(8)!], [0, 1, 24, 0, 198, 51, 100]);
});

for (const [what, flags, opt] of [
  ['a cookie and DO, as BIND 9.11 asks', 0, { flags: DO, options: [COOKIE] }],
  ['a cookie, AD and RD, as dig 9.11 asks', FLAG.AD | FLAG.RD, { udpPayloadSize: 4096, options: [COOKIE] }],
] as [string, number, OptSpec][]) {
  test(`RFC 8906 section 8: ${what}, is answered`, async (t) => {
    hasSoa(t, (await probe(t, { flags, opt })).message);
  });
}

test('RFC 7828 section 3.3.2: keepalive is told over TCP to those who ask, in units of 100 ms, and ignored over UDP', async (t) => {
  const opt = { options: [option(11)] };
  t.deepEqual([...(await probe(t, { opt }, 'tcp')).option(11)!], [0, 100]);
  t.is((await probe(t, { opt: {} }, 'tcp')).option(11), undefined);
  t.is((await probe(t, { opt })).option(11), undefined);
});

test('RFC 9619 section 4: more than one question is FORMERR', async (t) => {
  for (const questions of [2, 65535]) {
    const { octets } = await probe(t, { counts: [questions, 0, 0, 0] });
    t.deepEqual([...octets], [0x0a, 0x0b, 0x80, RCODE.FORMERR, 0, 0, 0, 0, 0, 0, 0, 0]);
  }
});

test('RFC 9715 section 3.1: no UDP reply is larger than 1232 octets, whatever the client offers', async (t) => {
  for (const name of ['example.test.', 'www.example.test.']) {
    const { octets } = await probe(t, { name, type: 'ANY', opt: { udpPayloadSize: 65535 } });
    t.true(octets.length <= 1232);
  }
});
