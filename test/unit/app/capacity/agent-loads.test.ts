// What agents report, as every process shows it.

import test from 'ava';
import { agentLoadLines, agentLoads } from '../../../../src/app/capacity/agent-loads.ts';
import { REPORT_EXPIRES_MS, SAMPLE_MAX } from '../../../../src/model/capacity.ts';
import { loadReport } from '../../../support/mesh.ts';

const SITES = ['fra', 'lon'].map((id, index) => ({ id, index, latitude: 50, longitude: 8, capacity: null }));

const NOW_MS = 1_000_000;
const heard = (agent: string, differs: object = {}) => ({ ...loadReport(agent, 1), atMs: NOW_MS - 500, max: 300, ...differs });
const loadsOf = (...loads: readonly ReturnType<typeof heard>[]) =>
  agentLoads(
    { steering: { sites: SITES, pools: [], members: [], policies: [] }, loadUnit: 'requests/s' },
    { loads, mesh: { nowMs: () => NOW_MS } },
  );

test('agents of a site add up, and a site that nobody speaks of is not told of', (t) => {
  t.deepEqual(loadsOf(heard('a'), heard('b', { current: 20.25 })), [
    {
      site: 'fra',
      unit: 'requests/s',
      agents: 2,
      refused: 0,
      current: 120.25,
      target: null,
      max: 600,
      ageMs: 500,
      clientRtts: [],
      clients: [],
    },
  ]);
});

test('a network that several agents of a site have measured is told once, and the one with the most connections first', (t) => {
  const rtt = (network: string, connections: number, leastUs: number, smoothedUs: number) => ({
    network,
    connections,
    leastUs,
    smoothedUs,
  });
  const a = heard('a', { clientRtts: [rtt('192.0.2.0/24', 3, 900, 1000), rtt('2001:db8::/48', 3, 1, 1)] });
  const b = heard('b', { clientRtts: [rtt('192.0.2.0/24', 1, 800, 3000)] });
  const elsewhere = heard('c', { site: 'lon', clientRtts: [rtt('192.0.2.0/24', 9, 9, 9)] });
  const silent = heard('d', { atMs: NOW_MS - REPORT_EXPIRES_MS, clientRtts: [rtt('198.51.100.0/24', 9, 9, 9)] });
  t.deepEqual(loadsOf(a, b, elsewhere, silent)[0]!.clientRtts, [
    rtt('192.0.2.0/24', 4, 800, 1500),
    rtt('2001:db8::/48', 3, 1, 1),
  ]);
});

test('the samples of the agents of a site count as much as their loads, each network once, the greatest share first', (t) => {
  const a = heard('a', {
    current: 300,
    clients: [
      { network: '192.0.2.0/24', parts: 2 },
      { network: '2001:db8::/48', parts: 1 },
    ],
  });
  const b = heard('b', { current: 100, clients: [{ network: '2001:db8::/48', parts: 128 }] });
  const others = [
    heard('c', { current: 1e6 }),
    heard('d', { current: 0, clients: [{ network: '198.51.100.0/24', parts: 1 }] }),
    heard('e', { unit: 'Mbit/s', clients: [{ network: '198.51.100.0/24', parts: 1 }] }),
    heard('f', { site: 'lon', clients: [{ network: '198.51.100.0/24', parts: 1 }] }),
    heard('g', { atMs: NOW_MS - REPORT_EXPIRES_MS, clients: [{ network: '198.51.100.0/24', parts: 1 }] }),
  ];
  t.deepEqual(loadsOf(a, b, ...others)[0]!.clients, [
    { network: '192.0.2.0/24', share: 0.5 },
    { network: '2001:db8::/48', share: 0.5 },
  ]);
});

test('of very many networks at a site those with the greatest shares are told', (t) => {
  const of = (net: number, parts: number) => Array.from({ length: 100 }, (_, i) => ({ network: `10.${net}.${i}.0/24`, parts }));
  const [load] = loadsOf(heard('a', { current: 1, clients: of(1, 1) }), heard('b', { current: 3, clients: of(2, 1) }));
  t.is(load!.clients.length, SAMPLE_MAX);
  t.is(load!.clients.filter(({ network }) => network.startsWith('10.2.')).length, 100);
});

test('a report in another unit is told of, and is no load', (t) => {
  const [load] = loadsOf(heard('a', { unit: 'Mbit/s' }));
  t.like(load, { agents: 0, refused: 1, current: 0 });
  t.regex(agentLoadLines([load!]).join('\n'), /fra +- +- +- +1 in another unit, NOT BELIEVED/);
});

test('where nobody reports nothing is printed', (t) => {
  t.deepEqual(agentLoadLines(loadsOf()), []);
  t.regex(agentLoadLines(loadsOf(heard('a'))).join('\n'), /in requests\/s.*fra +100 +- +300 +1 agent, 0\.5 s ago/s);
});
