// Round trips by network: what is kept of them, and for how long.

import test from 'ava';
import { parseAddress } from '../../../src/base/address.ts';
import { HISTOGRAMS } from '../../../src/metrics/gauges.ts';
import { NETWORKS_MAX } from '../../../src/model/capacity.ts';
import { ClientRtts } from '../../../src/site/client-rtts.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;

/** A table and its clock; a report is always of a second later. */
function table() {
  const rtts = new ClientRtts();
  let nowMs = 0;
  return {
    pass: (ms: number): void => {
      nowMs += ms;
    },
    add: (address: string, smoothedUs: number, leastUs: number): void => {
      const { family, octets } = parseAddress(address)!;
      rtts.add(family, octets, smoothedUs, leastUs, nowMs);
    },
    report: () => {
      nowMs += SECOND_MS;
      return rtts.report(nowMs);
    },
  };
}

test('clients of one /24 are one network, as are those of one /48 and those of IPv4 that a socket of IPv6 has accepted', (t) => {
  const { add, report } = table();
  for (const address of [
    '192.0.2.1',
    '192.0.2.254',
    '::ffff:192.0.2.7',
    '2001:db8:1:2::3',
    '2001:db8:1:ffff::',
    '255.255.255.255',
  ])
    add(address, 1000, 900);
  t.deepEqual(report().most, [
    { network: '192.0.2.0/24', connections: 3, leastUs: 900, smoothedUs: 1000 },
    { network: '2001:db8:1::/48', connections: 2, leastUs: 900, smoothedUs: 1000 },
    { network: '255.255.255.0/24', connections: 1, leastUs: 900, smoothedUs: 1000 },
  ]);
});

test('connections are smoothed with a gain of an eighth, beginning at the first', (t) => {
  const { add, report } = table();
  add('192.0.2.1', 1000, 900);
  t.is(report().most[0]!.smoothedUs, 1000);
  add('192.0.2.1', 9000, 900);
  t.is(report().most[0]!.smoothedUs, 2000);
});

test('counts and least values are those of this period of five minutes and the one before', (t) => {
  const { add, pass, report } = table();
  add('192.0.2.1', 1000, 100);
  pass(5 * MINUTE_MS);
  add('192.0.2.1', 1000, 700);
  t.like(report().most[0], { connections: 2, leastUs: 100 });
  pass(5 * MINUTE_MS);
  t.like(report().most[0], { connections: 1, leastUs: 700 });
  pass(5 * MINUTE_MS);
  t.like(report(), { networks: 0, most: [] });
});

test('what was smoothed outlives a pause, but not one of an hour', (t) => {
  const { add, pass, report } = table();
  add('192.0.2.1', 1000, 900);
  pass(50 * MINUTE_MS);
  add('192.0.2.1', 9000, 900);
  t.like(report().most[0], { connections: 1, smoothedUs: 2000 });
  pass(60 * MINUTE_MS);
  add('192.0.2.1', 9000, 900);
  t.like(report().most[0], { connections: 1, smoothedUs: 9000 });
});

test('a report has the networks with the most connections, and says how many there are', (t) => {
  const { add, report } = table();
  for (let i = 0; i < 200; i++) for (let times = 0; times <= i % 100; times++) add(`10.0.${i}.1`, 1000, 900);
  const { networks, most } = report();
  t.is(networks, 200);
  t.is(most.length, NETWORKS_MAX);
  t.is(most[0]!.connections, 100);
  t.is(most.at(-1)!.connections, 69);
});

test('of very many networks those measured last are kept', (t) => {
  const { add, report } = table();
  add('192.0.2.1', 1000, 900);
  add('198.51.100.1', 1000, 900);
  for (let i = 0; i < 4095; i++) {
    add(`10.${i >> 8}.${i & 255}.1`, 1000, 900);
    add('192.0.2.1', 1000, 900);
  }
  const { networks, most } = report();
  t.is(networks, 4096);
  t.is(most[0]!.network, '192.0.2.0/24');
  t.is(most[0]!.connections, 4096, 'it was never forgotten');
});

test('each connection is in one bucket, from the bound down, and in the sum', (t) => {
  const { add, report } = table();
  const { bounds } = HISTOGRAMS.CLIENT_RTT;
  for (const bound of bounds) add('192.0.2.1', bound * 1e6, 1);
  add('192.0.2.1', 1001, 1);
  add('192.0.2.1', 60e6, 1);
  const { counts, sumUs } = report();
  t.deepEqual(counts, bounds.map((_, i) => (i === 1 ? 2 : 1)).concat(1));
  t.is(Math.round(sumUs), Math.round(bounds.reduce((sum, bound) => sum + bound * 1e6, 0) + 1001 + 60e6));
});

test('a report is at most a second old', (t) => {
  const rtts = new ClientRtts();
  const { family, octets } = parseAddress('192.0.2.1')!;
  t.is(rtts.report(0).networks, 0);
  rtts.add(family, octets, 1000, 900, 1);
  t.is(rtts.report(999).networks, 0);
  t.is(rtts.report(1000).networks, 1);
});
