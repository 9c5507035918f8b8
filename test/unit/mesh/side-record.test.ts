// What agents say of their clients, as records: it comes back as it was, or is not believed.

import test from 'ava';
import fc from 'fast-check';
import { formatAddress, maskOctets } from '../../../src/base/address.ts';
import { encodeLoad } from '../../../src/mesh/load-record.ts';
import { keysOf } from '../../../src/mesh/redis-keys.ts';
import { placesOf, RedisSides, SIDES_EXPIRE_MS } from '../../../src/mesh/redis-sides.ts';
import { CLIENTS, RTTS, SIDE_KINDS } from '../../../src/mesh/side-record.ts';
import { type ClientParts, SAMPLE_MAX } from '../../../src/model/capacity.ts';
import { loadReport } from '../../support/mesh.ts';

const network = fc.boolean().chain((isIpv4) =>
  fc.uint8Array({ minLength: isIpv4 ? 4 : 16, maxLength: isIpv4 ? 4 : 16 }).map((octets) => {
    const prefixLen = isIpv4 ? 24 : 48;
    maskOctets(octets, prefixLen, octets.length);
    return `${formatAddress(octets, isIpv4 ? 4 : 6)}/${prefixLen}`;
  }),
);
const sample = fc.uniqueArray(fc.record({ network, parts: fc.integer({ min: 1, max: 8 }) }), {
  maxLength: SAMPLE_MAX / 8,
  selector: (one) => one.network,
});

test('a sample comes back as it was', (t) => {
  fc.assert(
    fc.property(sample, (clients) => {
      const report = loadReport('a', 3, { clients });
      t.deepEqual(CLIENTS.decode('a', CLIENTS.encode(report)), { agent: 'a', epoch: report.epoch, said: { clients } });
    }),
  );
});

test('a sample of as many networks as there may be stays below 4 KB', (t) => {
  const clients = Array.from({ length: SAMPLE_MAX }, (_, i) => ({
    network: `ffff:ffff:${(0xff00 + i).toString(16)}::/48`,
    parts: 1,
  }));
  const text = CLIENTS.encode(loadReport('a', Number.MAX_SAFE_INTEGER, { clients, epoch: Number.MAX_SAFE_INTEGER }));
  t.not(CLIENTS.decode('a', text), undefined);
  t.true(text.length < 4000, String(text.length));
});

const recordOf = (parts: unknown): string => JSON.stringify({ v: 1, epoch: 1, seq: 1, parts });
const few = (count: number, parts: number): unknown[] => Array.from({ length: count }, (_, i) => [`10.0.${i}.0/24`, parts]);

const hostile: Readonly<Record<string, string>> = {
  'no JSON': '{',
  'no object': '[]',
  'of another version': JSON.stringify({ v: 2, epoch: 1, seq: 1, parts: [] }),
  'with a key too many': JSON.stringify({ v: 1, epoch: 1, seq: 1, parts: [], more: 1 }),
  'of round trips': RTTS.encode(loadReport('a', 1)),
  'of a load': encodeLoad(loadReport('a', 1)),
  'with a negative epoch': JSON.stringify({ v: 1, epoch: -1, seq: 1, parts: [] }),
  'whose parts are no list': recordOf({ '10.0.0.0/24': 1 }),
  'with an entry that is no list': recordOf(['10.0.0.0/24']),
  'with an entry too long': recordOf([['10.0.0.0/24', 1, 1]]),
  'of a single address': recordOf([['192.0.2.1/32', 1]]),
  'of a /25': recordOf([['192.0.2.0/25', 1]]),
  'of a /23': recordOf([['192.0.2.0/23', 1]]),
  'of a /64': recordOf([['2001:db8:1:2::/64', 1]]),
  'of an IPv6 /24': recordOf([['2001:d00::/24', 1]]),
  'with bits behind the prefix': recordOf([['192.0.2.7/24', 1]]),
  'not canonical': recordOf([['2001:0db8:1::/48', 1]]),
  'in capitals': recordOf([['2001:DB8:1::/48', 1]]),
  'of no network': recordOf([['somewhere', 1]]),
  'of a number': recordOf([[7, 1]]),
  'of a very long text': recordOf([['1'.repeat(100_000), 1]]),
  'with no parts': recordOf([['192.0.2.0/24', 0]]),
  'with parts below 0': recordOf([['192.0.2.0/24', -1]]),
  'with half a part': recordOf([['192.0.2.0/24', 0.5]]),
  'with parts in a text': recordOf([['192.0.2.0/24', '1']]),
  'with a network twice': recordOf([...few(2, 1), ['10.0.1.0/24', 1]]),
  'with a part too many': recordOf([...few(2, SAMPLE_MAX / 2), ['10.0.2.0/24', 1]]),
  'with too many networks': recordOf(few(SAMPLE_MAX + 1, 1)),
  'with endless parts': recordOf([['192.0.2.0/24', Number.MAX_SAFE_INTEGER]]),
};

for (const [what, text] of Object.entries(hostile)) {
  test(`a sample ${what} is not believed`, (t) => {
    t.is(CLIENTS.decode('a', text), undefined);
  });
}

test('a sample of an agent without a name, or with too long a one, is not believed', (t) => {
  t.not(CLIENTS.decode('a', recordOf([])), undefined);
  for (const agent of ['', 'a'.repeat(129), 7, undefined]) t.is(CLIENTS.decode(agent, recordOf([])), undefined);
});

const clients: readonly ClientParts[] = [{ network: '192.0.2.0/24', parts: 1 }];
const clientRtts = [{ network: '192.0.2.0/24', connections: 7, leastUs: 900, smoothedUs: 1250 }];
const report = loadReport('a', 1, { clients, clientRtts });

test('what there is to say of a kind is written every 5 s, for each agent, and at once after the connection was lost', (t) => {
  const sides = new RedisSides();
  t.deepEqual(sides.due(loadReport('a', 1), 0), []);
  t.deepEqual(sides.due(loadReport('a', 1, { clients }), 0), [CLIENTS]);
  t.deepEqual(sides.due(report, 1000), [RTTS]);
  t.deepEqual(sides.due(loadReport('b', 1, { clients }), 1000), [CLIENTS]);
  t.deepEqual(sides.due(report, 4999), []);
  t.deepEqual(sides.due(report, 5000), [CLIENTS]);
  t.true(sides.isReadDue(5000));
  t.false(sides.isReadDue(9999));
  t.deepEqual(sides.due(report, 5001), []);
  sides.lost();
  t.deepEqual(sides.due(report, 5001), [RTTS, CLIENTS]);
  t.true(sides.isReadDue(5001));
});

test('what an agent has said goes with its load for 30 s, unless it has started anew', (t) => {
  const sides = new RedisSides();
  for (const kind of SIDE_KINDS) sides.take(kind, [{ ...kind.decode('a', kind.encode(report))!, atMs: 1000 }]);
  t.deepEqual(sides.saidBy(report, 1000 + SIDES_EXPIRE_MS - 1), { clients, clientRtts });
  t.deepEqual(sides.saidBy(report, 1000 + SIDES_EXPIRE_MS), { clients: [], clientRtts: [] });
  t.deepEqual(sides.saidBy({ ...report, epoch: report.epoch + 1 }, 1000), { clients: [], clientRtts: [] });
  t.deepEqual(sides.saidBy({ ...report, agent: 'b' }, 1000), { clients: [], clientRtts: [] });
  sides.take(CLIENTS, []);
  t.deepEqual(sides.saidBy(report, 1000), { clients: [], clientRtts });
});

test('each kind has keys of its own, in the slot of the mesh', (t) => {
  const keys = [...placesOf(keysOf('meridian:')).values()].flatMap(({ key, times }) => [key, times]);
  t.deepEqual(
    keys,
    ['rtts', 'rtt-times', 'clients', 'client-times'].map((name) => `{meridian}:${name}`),
  );
  t.deepEqual([...placesOf(keysOf('x')).keys()], [...SIDE_KINDS]);
});
