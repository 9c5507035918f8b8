// Options of the OPT record in replies: which, in which order, and never past the limit. ECS has its tests beside the answers.

import test from 'ava';
import fc from 'fast-check';
import { EDE } from '../../../src/responder/edns.ts';
import { RCODE } from '../../../src/wire/constants.ts';
import type { Message } from '../../../src/wire/message-types.ts';
import { ORIGIN, ZONE } from '../../support/answer-zone.ts';
import { ecs, option, type QuerySpec, queryOctets, wireName } from '../../support/query-octets.ts';
import { decoded, edeOf, optionsOf, type Setup, TestResponder } from '../../support/responder.ts';

const NSID = 3;
const COOKIE = 10;
const KEEPALIVE = 11;
const REPORT = 18;
const nothing = { nsid: null, chaos: { id: null, version: null }, reportAgent: null };

const responder = (identity: Partial<NonNullable<Setup['identity']>>, setup: Partial<Setup> = {}) =>
  new TestResponder({ zones: { [ORIGIN]: ZONE }, identity: { ...nothing, ...identity }, ...setup });

const dataOf = (reply: Message, code: number): Uint8Array | undefined =>
  reply.edns?.options.find((candidate) => candidate.code === code)?.data;
const textOf = (reply: Message): string | undefined => {
  const data = dataOf(reply, NSID);
  return data && Buffer.from(data).toString('latin1');
};

test('NSID is given when asked for, and only then (RFC 5001)', (t) => {
  const server = responder({ nsid: 'lon-1' });
  t.is(textOf(server.query({ opt: { options: [option(NSID)] } })), 'lon-1');
  t.is(textOf(server.query({ opt: { options: [option(NSID)] }, name: 'elsewhere.' })), 'lon-1');
  t.deepEqual(optionsOf(server.query({ opt: {} })), []);
  t.is(server.query({}).edns, undefined);
  t.is(server.count('NSID_QUERIES'), 2);
});

test('NSID comes with BADVERS too, alone of all options', (t) => {
  const server = responder({ nsid: 'lon-1' }, { cookieSecrets: [new Uint8Array(16)] });
  const options = [ecs(1, 24, [192, 0, 2]), option(COOKIE, 1, 2, 3, 4, 5, 6, 7, 8), option(NSID)];
  const reply = server.query({ opt: { version: 1, options } });
  t.is(reply.rcode, RCODE.BADVERS);
  t.deepEqual(optionsOf(reply), [NSID]);
  t.is(textOf(reply), 'lon-1');
});

test('without a configured name there is no NSID', (t) => {
  const server = responder({});
  t.deepEqual(optionsOf(server.query({ opt: { options: [option(NSID)] } })), []);
});

test('keepalive tells over a stream, when asked, in units of 100 ms (RFC 7828)', (t) => {
  const server = responder({}, { idleTimeoutMs: 90_050 });
  const asked: QuerySpec = { opt: { options: [option(KEEPALIVE)] } };
  t.deepEqual(dataOf(server.query(asked, { isStream: true }), KEEPALIVE), Uint8Array.of(900 >> 8, 900 & 0xff));
  t.deepEqual(optionsOf(server.query({ opt: {} }, { isStream: true })), []);
  t.deepEqual(optionsOf(server.query(asked)), []);
});

test('a keepalive with data is malformed over a stream and ignored over UDP', (t) => {
  const server = responder({}, { idleTimeoutMs: 10_000 });
  for (const data of [[1], [0, 100], [0, 100, 0]]) {
    const spec: QuerySpec = { opt: { options: [option(KEEPALIVE, ...data)] } };
    const refused = server.query(spec, { isStream: true });
    t.is(refused.rcode, RCODE.FORMERR);
    t.deepEqual(optionsOf(refused), []);
    t.is(server.query(spec).rcode, RCODE.NOERROR);
  }
});

const other = `
@ 3600 SOA ns.example.net. host.example.net. 1 7200 900 1209600 300
@ 3600 NS ns.example.net.
`;

test('the report channel comes unasked from zones apart from the agent domain (RFC 9567)', (t) => {
  const agent = wireName('er.Agent.test.');
  const zones = {
    [ORIGIN]: ZONE,
    'er.agent.test.': other,
    'agent.TEST.': other,
    'x.er.agent.test.': other,
    'sagent.test.': other,
  };
  const server = responder({ reportAgent: agent }, { zones });
  const channelOf = (spec: QuerySpec) => dataOf(server.query({ opt: {}, ...spec }), REPORT);
  for (const name of [ORIGIN, `nothing.${ORIGIN}`, `x.sub.${ORIGIN}`, 'sagent.test.'])
    t.deepEqual(channelOf({ name }), agent, name);
  for (const name of ['er.agent.test.', 'a.er.agent.test.', 'agent.test.', 'b.agent.test.', 'x.er.agent.test.', 'elsewhere.']) {
    t.is(channelOf({ name }), undefined, name);
  }
  t.is(channelOf({ opt: { version: 1 } }), undefined);
  t.is(server.query({}).edns, undefined);
});

test('a zone of the root is above every agent domain', (t) => {
  const server = responder({ reportAgent: wireName('agent.test.') }, { zones: { '.': other } });
  t.deepEqual(optionsOf(server.query({ name: 'any.', opt: {} })), []);
});

test('options come in order of their codes, each once', (t) => {
  const server = responder(
    { nsid: 'lon-1', reportAgent: wireName('agent.test.') },
    { idleTimeoutMs: 10_000, cookieSecrets: [new Uint8Array(16)] },
  );
  const options = [option(KEEPALIVE), option(COOKIE, 1, 2, 3, 4, 5, 6, 7, 8), option(9), ecs(1, 24, [192, 0, 2]), option(NSID)];
  t.deepEqual(optionsOf(server.query({ opt: { options } }, { isStream: true })), [NSID, 8, COOKIE, KEEPALIVE, REPORT]);
  t.deepEqual(optionsOf(server.query({ opt: { options: [...options, option(NSID)] }, name: 'elsewhere.' })), [
    NSID,
    8,
    COOKIE,
    15,
  ]);
});

test('when space is short the Extended DNS Error goes first, then the report channel; what was asked for stays', (t) => {
  // 12 header, 259 question, 11 OPT: a name of 255 octets leaves 230 of 512 for options.
  const name = Uint8Array.of(...[62, 62, 62, 62].flatMap((size) => [size, ...Array(size).fill(0x61)]), 1, 0x62, 0);
  t.is(name.length, 255);
  for (const [nsidSize, codes] of [
    [219, [NSID, 15]],
    [220, [NSID, 15]],
    [221, [NSID]],
    [226, [NSID]],
  ] as const) {
    const server = responder({ nsid: 'n'.repeat(nsidSize) }, { udpPayloadSize: 512 });
    const octets = server.ask(queryOctets({ name, opt: { options: [option(NSID)] } }));
    t.true(octets.length <= 512);
    const reply = decoded(octets);
    t.deepEqual(optionsOf(reply), codes, `${nsidSize}`);
    t.is(edeOf(reply), codes.length === 2 ? EDE.NOT_AUTHORITATIVE : undefined);
  }
  const crowded = responder({ nsid: 'n'.repeat(128), reportAgent: wireName(`${'a'.repeat(63)}.test.`) }, { udpPayloadSize: 512 });
  const inZone = Uint8Array.of(...Array(110).fill([1, 0x61]).flat(), ...wireName(ORIGIN));
  const reply = crowded.ask(queryOctets({ name: inZone, opt: { options: [option(NSID)] } }));
  t.true(reply.length <= 512);
  t.deepEqual(optionsOf(decoded(reply)), [NSID]);
});

test('truncated replies keep the options that were asked for', (t) => {
  const many = `${ZONE}\n${Array.from({ length: 60 }, (_, i) => `big A 192.0.2.${i}`).join('\n')}`;
  const server = responder({ nsid: 'lon-1' }, { zones: { [ORIGIN]: many }, cookieSecrets: [new Uint8Array(16)] });
  const options = [option(NSID), ecs(1, 24, [192, 0, 2]), option(COOKIE, 1, 2, 3, 4, 5, 6, 7, 8)];
  const reply = server.query({ name: `big.${ORIGIN}`, type: 'A', opt: { udpPayloadSize: 512, options } });
  t.true(reply.flags.tc);
  t.deepEqual(optionsOf(reply), [NSID, 8, COOKIE]);
});

test('no combination of options, names and sizes makes a reply longer than the client or the server allows', (t) => {
  const many = `${ZONE}\n${Array.from({ length: 40 }, (_, i) => `big TXT "${'x'.repeat(i)}"`).join('\n')}`;
  const servers = [512, 700, 1232].map((udpPayloadSize) =>
    responder(
      { nsid: 'n'.repeat(128), chaos: { id: 'i'.repeat(128), version: null }, reportAgent: wireName(`${'r'.repeat(60)}.test.`) },
      { udpPayloadSize, zones: { [ORIGIN]: many }, idleTimeoutMs: 10_000, cookieSecrets: [new Uint8Array(16)] },
    ),
  );
  const part = fc.constantFrom(
    option(NSID),
    ecs(1, 32, [192, 0, 2, 1]),
    ecs(2, 128, [0x20, 1, ...Array(14).fill(9)]),
    option(COOKIE, 1, 2, 3, 4, 5, 6, 7, 8),
    option(COOKIE, ...Array(40).fill(7)),
    option(KEEPALIVE),
    option(100, 1, 2, 3),
  );
  const names = [
    `big.${ORIGIN}`,
    `www.${ORIGIN}`,
    `x.sub.${ORIGIN}`,
    `chain1.${ORIGIN}`,
    'id.server.',
    'elsewhere.',
    `${'a.'.repeat(100)}${ORIGIN}`,
  ];
  const property = fc.property(
    fc.array(part, { maxLength: 6 }),
    fc.constantFrom(...names),
    fc.constantFrom('TXT', 'A', 'NS', 'ANY', 'NXNAME'),
    fc.constantFrom(1, 3),
    fc.integer({ min: 0, max: 1500 }),
    fc.constantFrom(0, 1),
    (options, name, type, questionClass, udpPayloadSize, version) => {
      for (const [index, server] of servers.entries()) {
        const octets = server.ask(queryOctets({ name, type, class: questionClass, opt: { options, udpPayloadSize, version } }));
        const limit = Math.min([512, 700, 1232][index]!, Math.max(512, udpPayloadSize));
        if (octets.length === 0 || octets.length > limit) return false;
        const codes = optionsOf(decoded(octets));
        if (codes.some((code, i) => i > 0 && code <= codes[i - 1]!)) return false;
        if (decoded(octets).edns?.version !== 0) return false;
      }
      return true;
    },
  );
  t.notThrows(() => fc.assert(property, { seed: 7, numRuns: 400 }));
});
