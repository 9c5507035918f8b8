import test from 'ava';
import { conditionsOf, type Vitals } from '../../../src/watch/conditions.ts';

const NOW_MS = 1_700_000_000_000;
const DAY_MS = 86_400_000;

/** Nothing is wrong. */
const WELL: Vitals = {
  nowMs: NOW_MS,
  threads: { alive: 2, wanted: 2 },
  rates: { replies: 1000, servfail: 0, exceptions: 0, udpQueries: 1000, lost: 0, overload: 0 },
  mesh: 'joined',
  lagMs: 0,
  members: { total: 8, unknown: 2 },
  pools: [
    { id: 'web', serving: 1, members: 8 },
    { id: 'unused', serving: 0, members: 0 },
  ],
  sites: [{ id: 'fra', serving: 1, members: 8 }],
  probers: { now: 7, mostLately: 10 },
  isWithdrawn: false,
  isReloadRefused: false,
  capacity: [
    { site: 'fra', load: 70, target: 80, max: 100 },
    { site: 'lon', load: null, target: 80, max: null },
  ],
  certificates: [{ use: 'admin', endsMs: NOW_MS + 15 * DAY_MS }],
  state: { directory: null, audit: null },
  burning: [],
  unusual: null,
};

const keysOf = (change: Partial<Vitals>): string[] =>
  conditionsOf({ ...WELL, ...change }).map(({ name, subject }) => (subject === '' ? name : `${name}/${subject}`));
const rates = (change: Partial<NonNullable<Vitals['rates']>>): Partial<Vitals> => ({ rates: { ...WELL.rates!, ...change } });

test('nothing is wrong with a server that is well, and with one that has just started', (t) => {
  t.deepEqual(keysOf({}), []);
  t.deepEqual(keysOf({ rates: null }), []);
});

const WRONG: readonly (readonly [title: string, change: Partial<Vitals>, keys: readonly string[]])[] = [
  ['no thread answers', { threads: { alive: 0, wanted: 2 } }, ['not-ready', 'threads-missing']],
  ['a thread is missing', { threads: { alive: 1, wanted: 2 } }, ['threads-missing']],
  ['a process without queries has not joined', { threads: null, mesh: 'joining' }, ['not-ready']],
  ['many replies fail', rates({ servfail: 21 }), ['answers-failing']],
  ['a few fail', rates({ servfail: 19 }), []],
  ['most of hardly any fail', rates({ replies: 1, servfail: 1 }), []],
  ['a bug was met', rates({ exceptions: 0.01 }), ['responder-bug']],
  ['datagrams are lost', rates({ lost: 1.1 }), ['queries-lost']],
  ['queries are turned away', rates({ overload: 0.1 }), ['overloaded']],
  ['the mesh is stale', { mesh: 'stale' }, ['mesh-stale']],
  ['answers lag', { lagMs: 10_001 }, ['steering-lags']],
  ['many members are unknown', { members: { total: 8, unknown: 3 } }, ['members-unknown']],
  ['a reload was refused', { isReloadRefused: true }, ['reload-refused']],
  ['a pool is empty', { pools: [{ id: 'web', serving: 0, members: 8 }] }, ['pool-empty/web']],
  ['a site is out', { sites: [{ id: 'fra', serving: 0, members: 8 }] }, ['site-out/fra']],
  ['probers are missing', { probers: { now: 6, mostLately: 10 } }, ['probers-shrinking']],
  ['this prober mistrusts itself', { isWithdrawn: true }, ['prober-withdrawn']],
  [
    'a site is over its target, and so are all together',
    { capacity: [{ site: 'fra', load: 81, target: 80, max: 100 }] },
    ['site-over-target/fra', 'capacity-short'],
  ],
  ['a site is full', { capacity: [{ site: 'fra', load: 100, target: null, max: 100 }] }, ['site-full/fra']],
  ['a certificate ends soon', { certificates: [{ use: 'admin', endsMs: NOW_MS + 13 * DAY_MS }] }, ['certificate-expiring/admin']],
  [
    'a certificate has ended',
    { certificates: [{ use: 'mesh', endsMs: NOW_MS - 1 }] },
    ['certificate-expiring/mesh', 'certificate-ended/mesh'],
  ],
  [
    'nothing can be written',
    { state: { directory: 'ENOSPC', audit: 'ENOSPC' } },
    ['state-not-writable/state', 'state-not-writable/audit'],
  ],
  ['an objective burns', { burning: [{ name: 'steering', text: 'x' }] }, ['steering-burning']],
  ['the rate of queries is unusual', { unusual: 'x' }, ['query-rate-unusual']],
];

for (const [title, change, keys] of WRONG) {
  test(`where ${title}: ${keys.length === 0 ? 'nothing' : keys.join(', ')}`, (t) => {
    t.deepEqual(keysOf(change), [...keys]);
  });
}

test('each condition says in one line what is wrong', (t) => {
  for (const [, change] of WRONG) {
    for (const { text } of conditionsOf({ ...WELL, ...change })) t.notRegex(text, /\n|NaN|undefined|null|Infinity/);
  }
});
