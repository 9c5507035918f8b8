import test from 'ava';
import { RCODE } from '../../../src/wire/constants.ts';
import { ORIGIN, ZONE } from '../../support/answer-zone.ts';
import { queryOctets, wireName } from '../../support/query-octets.ts';
import { decoded, TestResponder } from '../../support/responder.ts';

const NAMES = { id: ['id.server.', 'HostName.BIND.'], version: ['version.server.', 'version.bind.'] } as const;
const CH = 3;

const responder = (id: string | null, version: string | null) =>
  new TestResponder({ zones: { [ORIGIN]: ZONE }, identity: { nsid: null, chaos: { id, version }, reportAgent: null } });

test('id and version are told in class CH to TXT and ANY, under both names', (t) => {
  const server = responder('lon-1', 'Meridian');
  for (const [kind, text] of [
    ['id', 'lon-1'],
    ['version', 'Meridian'],
  ] as const) {
    for (const name of NAMES[kind]) {
      for (const type of ['TXT', 'ANY']) {
        const octets = server.ask(queryOctets({ name, type, class: CH }));
        const reply = decoded(octets);
        t.is(reply.rcode, RCODE.NOERROR);
        t.true(reply.flags.aa);
        t.deepEqual([reply.authorities, reply.additionals], [[], []]);
        const [answer] = reply.answers;
        t.deepEqual([reply.answers.length, answer!.type, answer!.class, answer!.ttlSec], [1, 16, CH, 0]);
        t.deepEqual(answer!.owner, wireName(name));
        t.is(Buffer.from(answer!.rdata).toString('latin1'), String.fromCharCode(text.length) + text);
      }
    }
  }
  t.is(server.count('CHAOS_QUERIES'), 8);
});

test('what the operator has not given is refused', (t) => {
  for (const [server, told] of [
    [responder(null, null), []],
    [responder('lon-1', null), NAMES.id],
    [responder(null, 'Meridian'), NAMES.version],
  ] as const) {
    for (const name of [...NAMES.id, ...NAMES.version]) {
      const { rcode } = server.query({ name, type: 'TXT', class: CH });
      t.is(rcode, (told as readonly string[]).includes(name) ? RCODE.NOERROR : RCODE.REFUSED, name);
    }
  }
});

test('other names, types and classes are refused and say nothing', (t) => {
  const server = responder('lon-1', 'Meridian');
  for (const spec of [
    { name: 'server.', type: 'TXT', class: CH },
    { name: 'a.id.server.', type: 'TXT', class: CH },
    { name: 'authors.bind.', type: 'TXT', class: CH },
    { name: ORIGIN, type: 'TXT', class: CH },
    { name: '.', type: 'TXT', class: CH },
    { name: 'id.server.', type: 'A', class: CH },
    { name: 'id.server.', type: 'TXT', class: 1 },
    { name: 'id.server.', type: 'TXT', class: 4 },
    { name: 'id.server.', type: 'TXT', class: 255 },
  ]) {
    const reply = server.query(spec);
    t.is(reply.rcode, RCODE.REFUSED, JSON.stringify(spec));
    t.deepEqual([reply.answers, reply.authorities, reply.additionals], [[], [], []]);
  }
  t.is(server.count('CHAOS_QUERIES'), 5);
});

test('a text of the largest size is whole without EDNS', (t) => {
  const reply = responder('x'.repeat(128), null).query({ name: 'hostname.bind.', type: 'TXT', class: CH });
  t.false(reply.flags.tc);
  t.is(reply.answers[0]!.rdata.length, 129);
});

test('where the answer does not fit beside the options, the reply is truncated', (t) => {
  const server = new TestResponder({
    zones: { [ORIGIN]: ZONE },
    udpPayloadSize: 512,
    identity: { nsid: 'n'.repeat(200), chaos: { id: 'x'.repeat(255), version: null }, reportAgent: null },
    cookieSecrets: [new Uint8Array(16)],
  });
  const options = [Uint8Array.of(0, 3, 0, 0), Uint8Array.of(0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8)];
  const octets = server.ask(queryOctets({ name: 'hostname.bind.', type: 'TXT', class: CH, opt: { options } }));
  t.true(octets.length <= 512);
  const reply = decoded(octets);
  t.deepEqual([reply.flags.tc, reply.answers.length, reply.edns?.options.length], [true, 0, 2]);
});
