import test from 'ava';
import { siteLines } from '../../../../src/app/site/site-text.ts';
import { NO_CLIENT_RTTS } from '../../../../src/site/client-rtts.ts';
import type { ListenerReport, SiteReport } from '../../../../src/site/report.ts';

const SITE: SiteReport = {
  site: 'lon',
  isDraining: false,
  driver: null,
  load: { unit: 'connections', current: 0, target: null, max: null },
  services: [],
  listeners: [],
  shared: null,
  clientRtts: NO_CLIENT_RTTS,
  clients: [],
};

const listenerWith = (counts: ListenerReport['counts']): string => {
  const place = { address: '127.0.0.1', port: 443, connections: 2 };
  const listeners = [{ listener: 'public', kind: 'tcp', ...place, counts }] as const;
  return siteLines([{ ...SITE, listeners }]).find((line) => line.includes('public'))!;
};

test('of a listener is told what became of clients that were not served, and nothing of the others', (t) => {
  const counts = { accepted: 20, relayed: 5, refusedByRate: 12, refusedName: 0, stalled: 1, responses: [0, 1] };
  t.is(listenerWith(counts), '  listener public  tcp  127.0.0.1 port 443  2 open  12 refused by rate, 1 stalled');
  t.is(listenerWith({ accepted: 20, relayed: 20 }).trimEnd(), '  listener public  tcp  127.0.0.1 port 443  2 open');
});

test('of a sample of the load is told how many parts it has, of how many networks, and which has the most', (t) => {
  const of = (...parts: readonly number[]) =>
    siteLines([{ ...SITE, clients: parts.map((one, i) => ({ network: `192.0.${i}.0/24`, parts: one })) }]).slice(2);
  t.deepEqual(of(20, 8), ['  clients  a sample of 28 of the last 5 s: 2 networks, most from 192.0.0.0/24 (71 %)']);
  t.deepEqual(of(1), ['  clients  a sample of 1 of the last 5 s: all from 192.0.0.0/24']);
  t.deepEqual(of(), []);
});

test('of round trips are told the networks with the most connections, and how many others there are', (t) => {
  const networks = ['192.0.2.0/24', '2001:db8::/48', '198.51.100.0/24', '203.0.113.0/24'];
  const most = networks.map((network, i) => ({ network, connections: 4 - i, leastUs: 900, smoothedUs: 1250 * (i + 8) }));
  const lines = siteLines([{ ...SITE, clientRtts: { ...NO_CLIENT_RTTS, networks: 9, most } }]);
  t.deepEqual(
    lines.slice(-5).map((line) => line.trimEnd()),
    [
      '  round trips of clients in 9 networks',
      '    192.0.2.0/24     10 ms  least 0.90 ms  4 connections',
      '    2001:db8::/48    11 ms  least 0.90 ms  3 connections',
      '    198.51.100.0/24  13 ms  least 0.90 ms  2 connections',
      '    and 6 more (--json has up to 64)',
    ],
  );
  t.false(siteLines([SITE]).some((line) => line.includes('round trips')));
});
