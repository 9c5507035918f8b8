// A little of what `npm run fuzz` does for longer: damaged packets against the real server.

import test from 'ava';
import { campaign } from '../fuzz/campaign.ts';
import { deservesReply, faultIn, unframe } from '../fuzz/check.ts';
import { fuzzPacket } from '../fuzz/mutate.ts';
import { queryOctets } from '../support/query-octets.ts';

test('damaged packets over UDP and TCP get correct replies or none, and the server stays up, small and free of exceptions', async (t) => {
  const report = await campaign({ amount: { packets: 16_000 }, seed: 20_261_120, rate: 20_000 });
  t.is(report.udpPackets, 12_000);
  t.is(report.tcpPackets, 4000);
  t.true(report.replies > 8000, `${report.replies} replies`);
});

test('a packet number always stands for the same octets', (t) => {
  for (const index of [0, 1, 77, 70_000]) t.deepEqual(fuzzPacket(5, index), fuzzPacket(5, index));
  t.notDeepEqual(fuzzPacket(5, 3), fuzzPacket(6, 3));
});

const query = queryOctets({ id: 7, name: 'a.test.', type: 'A' });
const answer = Uint8Array.from(query);
answer[2] = 0x84;
const changed = (at: number, value: number): Uint8Array => answer.with(at, value);

test('the checker accepts a correct reply and finds what is wrong with others', (t) => {
  t.is(faultIn(query, answer, 'udp'), undefined);
  t.is(faultIn(answer, answer, 'udp'), 'a reply to what may not be answered');
  t.is(faultIn(query.subarray(0, 11), answer, 'udp'), 'a reply to what may not be answered');
  t.is(faultIn(query, answer.subarray(0, 11), 'udp'), 'a reply of 11 octets');
  t.is(faultIn(query, changed(1, 8), 'udp'), 'another id');
  t.is(faultIn(query, changed(2, 0), 'udp'), 'QR is not set');
  t.is(faultIn(query, changed(2, 0x8c), 'udp'), 'another opcode');
  t.is(faultIn(query, changed(3, 0x80), 'udp'), 'RA or Z is set');
  t.is(faultIn(query, changed(13, 0x62), 'udp'), 'another question');
  t.regex(faultIn(query, changed(7, 1), 'udp')!, /decoder/);
  t.regex(faultIn(query, Uint8Array.of(...answer, ...new Uint8Array(600)), 'udp')!, /allowed are 512/);
  t.true(deservesReply(query));
});

test('a stream is judged up to the first frame that may not be answered', (t) => {
  const framed = Uint8Array.of(0, query.length, ...query);
  t.is(unframe(framed, 4096).end, 'clean');
  t.is(unframe(framed.subarray(0, 20), 4096).end, 'partial');
  const { messages, end } = unframe(Uint8Array.of(...framed, 0, 5), 4096);
  t.deepEqual([messages.length, end], [1, 'bad']);
});
