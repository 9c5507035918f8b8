// What agents sample of their clients, as the cells that answers are given by.

import test from 'ava';
import { SiteOrigins } from '../../../../src/app/capacity/site-origins.ts';
import { type ClientParts, REPORT_EXPIRES_MS } from '../../../../src/model/capacity.ts';
import { compiled, PlaceCells, sources } from '../../../support/geo-sources.ts';
import { loadReport } from '../../../support/mesh.ts';

const NOW_MS = 1_000_000;
const SITES = ['fra', 'lon'].map((id, index) => ({ id, index, latitude: 50, longitude: 8, capacity: null }));
const { cellOf } = new PlaceCells();
const { image, look } = compiled(
  sources([], ['10.1.0.0/16 country=GB\n10.2.0.0/16 country=DE\n2001:db8::/32 country=FR\n']),
  cellOf,
);
const [GB, DE, FR] = ['10.1.0.0', '10.2.0.0', '2001:db8::'].map((address) => look(address)[0]);

const parts = (counts: Readonly<Record<string, number>>): ClientParts[] =>
  Object.entries(counts).map(([network, count]) => ({ network, parts: count }));
const heard = (agent: string, clients: readonly ClientParts[], differs: object = {}) => ({
  ...loadReport(agent, 1),
  current: 100,
  clients,
  atMs: NOW_MS - 500,
  ...differs,
});
const originsOf = (...reports: readonly ReturnType<typeof heard>[]) =>
  new SiteOrigins(image.octets.buffer as SharedArrayBuffer)
    .of(SITES, 'requests/s', reports, NOW_MS)
    .map((origins) => origins && Object.fromEntries(Array.from(origins.cells, (cell, i) => [cell, origins.parts[i]])));

test('networks of one cell count together, of both families', (t) => {
  const clients = parts({ '10.1.1.0/24': 3, '10.1.2.0/24': 4, '10.2.9.0/24': 5, '2001:db8:7::/48': 6 });
  t.deepEqual(originsOf(heard('a', clients)), [{ [GB!]: 7, [DE!]: 5, [FR!]: 6 }, null]);
});

test('agents of a site count by their load, however many parts each has sampled', (t) => {
  const [origins] = originsOf(
    heard('a', parts({ '10.1.1.0/24': 90 }), { current: 100 }),
    heard('b', parts({ '10.2.1.0/24': 10 }), { current: 300 }),
  );
  t.deepEqual(origins, { [GB!]: 25, [DE!]: 75 });
});

test('an agent that tells no load yet, or none of its clients, does not spoil the sample of the others', (t) => {
  const clients = parts({ '10.1.1.0/24': 8 });
  t.deepEqual(originsOf(heard('a', clients), heard('b', [])), [{ [GB!]: 8 }, null]);
  t.deepEqual(originsOf(heard('a', clients, { current: 0 })), [{ [GB!]: 8 }, null]);
});

test('a sample of an agent that is silent, or reports in another unit, is not believed', (t) => {
  const clients = parts({ '10.1.1.0/24': 8 });
  t.deepEqual(originsOf(heard('a', clients, { atMs: NOW_MS - REPORT_EXPIRES_MS })), [null, null]);
  t.deepEqual(originsOf(heard('a', clients, { unit: 'Mbit/s' })), [null, null]);
});
