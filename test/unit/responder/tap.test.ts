// Which answers are told one by one, and how their copies travel to the control thread.

import test from 'ava';
import { Tap } from '../../../src/responder/tap.ts';
import { RING_COPIES, type Tapped, TapRing, tapRingSize } from '../../../src/responder/tap-ring.ts';
import { queryOctets } from '../../support/query-octets.ts';
import { clientOf, type Setup, TestResponder } from '../../support/responder.ts';
import { modelOf, pool } from '../../support/steering.ts';

const REPLY_ROOM = 1232;
const SETUP: Setup = {
  zones: { 'gslb.test.': '$TTL 60\n@ SOA ns host 1 2 3 4 60\n@ NS ns\nns A 192.0.2.201\nwww GSLB first\napi GSLB second\n' },
  model: modelOf({ web: [{ site: 'london' }] }, { first: { root: pool(0) }, second: { root: pool(0) } }),
};
/** Sampling of what no policy decides, of `first`, of `second`. */
const ALL = [1, 1, 1];

function tapped(oneIn: readonly number[], perSecond = 1000): { server: TestResponder; ring: TapRing } {
  const memory = new SharedArrayBuffer(tapRingSize(REPLY_ROOM));
  const server = new TestResponder(SETUP);
  server.responder.useTap(new Tap({ ring: memory, oneIn, perSecond }));
  return { server, ring: new TapRing(memory) };
}

const ask = (server: TestResponder, name: string, times = 1, nowMs = 0): void => {
  for (let i = 0; i < times; i++) server.ask(queryOctets({ name: `${name}.gslb.test.`, type: 'A', id: i }), { nowMs });
};

function takeAll(ring: TapRing): Tapped[] {
  const all: Tapped[] = [];
  for (let one = ring.read(); one !== undefined; one = ring.read()) all.push(one);
  return all;
}

test('a copy holds who asked, when, and both messages octet by octet', (t) => {
  const { server, ring } = tapped(ALL);
  const query = queryOctets({ name: 'www.gslb.test.', type: 'A', id: 7 });
  const reply = server.ask(query, { address: '2001:db8::1', port: 4711, nowMs: 1234.5 });
  const [copy, ...more] = takeAll(ring);
  t.is(more.length, 0);
  t.like(copy, { family: 6, port: 4711, isStream: false, hasSubnet: false, atMs: 1234.5 });
  t.deepEqual([...copy!.address.subarray(0, 4)], [0x20, 0x01, 0x0d, 0xb8]);
  t.deepEqual(copy!.query, query);
  t.deepEqual(copy!.reply, reply);
});

test('each policy has a count of its own, and so has what no policy decides', (t) => {
  const { server, ring } = tapped([0, 2, 3]);
  ask(server, 'www', 6);
  ask(server, 'api', 6);
  ask(server, 'ns', 6);
  t.is(takeAll(ring).length, 3 + 2);
  const others = tapped([2, 0, 0]);
  for (const name of ['www', 'ns', 'nothing']) ask(others.server, name, 2);
  t.is(takeAll(others.ring).length, 2);
});

test('what may not be answered is not told', (t) => {
  const { server, ring } = tapped(ALL);
  server.ask(queryOctets({ name: 'www.gslb.test.', flags: 0x8000 }));
  t.deepEqual(takeAll(ring), []);
});

test('beyond the rate nothing is copied, and that is counted; with time there is room again', (t) => {
  const { server, ring } = tapped(ALL, 10);
  ask(server, 'www', 25, 1000);
  t.is(takeAll(ring).length, 10);
  t.is(ring.held, 15);
  ask(server, 'www', 5, 1200);
  t.is(takeAll(ring).length, 2);
  t.is(ring.held, 18);
});

test('a clock that goes back gives no room', (t) => {
  const { server, ring } = tapped(ALL, 1);
  ask(server, 'www', 1, 5000);
  ask(server, 'www', 1, 1000);
  t.is(takeAll(ring).length, 1);
});

test('copies that nobody takes are lost and counted, the first ones stay', (t) => {
  const memory = new SharedArrayBuffer(tapRingSize(REPLY_ROOM));
  const ring = new TapRing(memory);
  const message = Uint8Array.of(1, 2, 3);
  for (let i = 0; i < RING_COPIES + 5; i++) ring.write(message, 0, 3, clientOf({ port: i }), message, 0, 3, false);
  t.is(ring.lost, 5);
  const ports = takeAll(new TapRing(memory)).map(({ port }) => port);
  t.deepEqual(
    ports,
    Array.from({ length: RING_COPIES }, (_, i) => i),
  );
});

test('counts that wrap at 2^32 lose nothing', (t) => {
  const memory = new SharedArrayBuffer(tapRingSize(REPLY_ROOM));
  new Int32Array(memory).fill(-3, 0, 2); // both counts, three before they wrap
  const ring = new TapRing(memory);
  const message = Uint8Array.of(9);
  for (let i = 0; i < 6; i++) ring.write(message, 0, 1, clientOf({ port: i }), message, 0, 1, false);
  t.deepEqual(
    takeAll(ring).map(({ port }) => port),
    [0, 1, 2, 3, 4, 5],
  );
  t.is(ring.lost, 0);
});

test('of messages that are larger than their room the beginning is kept, and the size as it was', (t) => {
  const ring = new TapRing(new SharedArrayBuffer(tapRingSize(64)));
  const large = new Uint8Array(4000).fill(7);
  ring.write(large, 0, large.length, clientOf({ isStream: true }), large, 0, large.length, true);
  const copy = ring.read()!;
  t.like(copy, { querySize: 4000, replySize: 4000, isStream: true, hasSubnet: true });
  t.is(copy.query.length, 512);
  t.true(copy.reply.length >= 64 && copy.reply.length < 80);
});
