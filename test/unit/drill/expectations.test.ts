// What each expectation of a step finds kept and missed, with a world that says what it sees.

import test from 'ava';
import { judgeStep } from '../../../src/drill/judge.ts';
import { Logbook } from '../../../src/drill/logbook.ts';
import type { Expectation, LimitName, SiteLoad, World } from '../../../src/drill/model.ts';
import { Observations } from '../../../src/drill/observations.ts';

const limits = (ms: number): Record<LimitName, number> => ({
  refused: ms,
  silent: ms,
  home: ms,
  answering: ms,
  joined: ms,
  relieved: ms,
});
/** Longer than anything takes; and so short that what never comes is waited for no longer than need be. */
const PATIENT = limits(60_000);
const HASTY = limits(10);

const worldOf = (seen: Partial<World>): World => ({
  title: 'a lab',
  servers: ['one', 'two'],
  clients: [{ network: 'a', label: 'a' }],
  name: 'www.example.test',
  subject: { site: 'x', server: 'one' },
  limitsMs: PATIENT,
  steadyMs: 1,
  faults: {},
  open: () => Promise.resolve(),
  ask: () => () => Promise.resolve(),
  close: () => Promise.resolve(),
  ...seen,
});

/** The objectives that one expectation makes, and whether each was kept; and the lines of the timeline. */
async function judged(expectation: Expectation, seen: Partial<World>, prepare: (observations: Observations) => void = () => {}) {
  const record = new Logbook(
    () => {},
    () => performance.now(),
  );
  const world = worldOf(seen);
  const observations = new Observations(world.servers, ['a']);
  const begunMs = performance.now();
  prepare(observations);
  const { signal } = new AbortController();
  const moment = { world, observations, record, signal, site: 'x', begunMs, inForceMs: begunMs };
  await judgeStep([expectation], moment);
  return {
    kept: record.objectives.map(({ isMet }) => isMet),
    found: record.objectives.map(({ found }) => found),
    lines: record.timeline.map(({ text }) => text),
    table: record.table(),
  };
}

test('a change that every server refused is kept, with what each said', async (t) => {
  const refusals = new Map([
    ['one', 'line 7'],
    ['two', 'line 7'],
  ]);
  const { kept, lines } = await judged({ what: 'refused' }, { refusals: () => refusals });
  t.deepEqual(kept, [true]);
  t.true(lines.includes('one says: line 7'));
});

test('a server that took a broken change is named', async (t) => {
  const { kept, found, table } = await judged({ what: 'refused' }, { refusals: () => new Map([['one', 'line 7']]) });
  t.deepEqual([kept, found], [[false], ['1 (two)']]);
  t.regex(table[0]!, /^ {2}MISSED {2}servers that took the broken change/);
});

test('servers that were not replaced are named, with the reason', async (t) => {
  t.deepEqual((await judged({ what: 'replaced' }, { unreplaced: () => new Map() })).kept, [true]);
  const { kept, found } = await judged({ what: 'replaced' }, { unreplaced: () => new Map([['one', 'it ended with code 2']]) });
  t.deepEqual([kept, found], [[false], ['1 (one: it ended with code 2)']]);
});

test('requests that fail while a web server is away are a missed objective, and so are none at all', async (t) => {
  let failed = 0;
  let asked = 0;
  const visits = () => ({ asked: asked++, failed: failed++ });
  t.deepEqual((await judged({ what: 'served' }, { visits })).kept, [false]);
  t.deepEqual((await judged({ what: 'served' }, { visits: () => ({ asked: asked++, failed: 3 }) })).kept, [true]);
  t.deepEqual((await judged({ what: 'served' }, { visits: () => ({ asked: 5, failed: 0 }) })).kept, [false]);
});

test('servers that share the mesh in time are kept, and those that never do are missed', async (t) => {
  t.deepEqual((await judged({ what: 'joined', within: 'joined' }, { isJoined: async () => true })).kept, [true]);
  const never = await judged({ what: 'joined', within: 'joined' }, { isJoined: async () => false, limitsMs: HASTY });
  t.deepEqual([never.kept, never.found], [[false], ['never']]);
});

test('a server answers again with the first reply that it gives every client', async (t) => {
  const reply = (observations: Observations): void => {
    const nowMs = performance.now();
    observations.take({ server: 'one', client: 'a', site: 'x', trouble: null, sentMs: nowMs, atMs: nowMs });
  };
  t.deepEqual((await judged({ what: 'answering', within: 'answering' }, {}, reply)).kept, [true]);
  t.deepEqual((await judged({ what: 'answering', within: 'answering' }, { limitsMs: HASTY })).kept, [false]);
});

for (const [expectation, line] of [
  [{ what: 'refused' }, /refuse the change cannot be seen/],
  [{ what: 'replaced' }, /another process serves cannot be seen/],
  [{ what: 'served' }, /requests to the site are answered cannot be seen/],
  [{ what: 'joined', within: 'joined' }, /share the mesh cannot be seen/],
  [{ what: 'relieved', within: 'relieved' }, /how full the sites are cannot be seen/],
] as const) {
  test(`what a world cannot see is passed over in plain sight: ${expectation.what}`, async (t) => {
    const { kept, lines } = await judged(expectation, {});
    t.deepEqual(kept, []);
    t.regex(lines.join('\n'), line);
  });
}

/** Loads of x and y, one after another; the last stays. Targets are 40. */
const loadsOf = (...steps: readonly (readonly [number, number])[]) => {
  let step = 0;
  return (): readonly SiteLoad[] => {
    const [x, y] = steps[Math.min(step++, steps.length - 1)]!;
    return [
      { site: 'x', current: x, target: 40, max: 60 },
      { site: 'y', current: y, target: 40, max: 60 },
    ];
  };
};
const RELIEVED: Expectation = { what: 'relieved', within: 'relieved' };

test('a site that gives away its excess and no more is relieved', async (t) => {
  const { kept, lines } = await judged(RELIEVED, { loads: loadsOf([60, 0], [40, 20]) });
  t.deepEqual(kept, [true]);
  t.regex(lines[0]!, /^x was on the way there between 100 % and 150 % of its target, the fullest of the others at 50 %/);
});

for (const [what, x, y] of [
  ['a site that gives away more than its excess', 20, 40],
  ['a site whose excess overfills another', 40, 50],
  ['a site that stays over its target', 60, 0],
] as const) {
  test(`${what} is never relieved`, async (t) => {
    const { found } = await judged(RELIEVED, { limitsMs: HASTY, loads: loadsOf([60, 0], [x, y]) });
    t.deepEqual(found, ['never']);
  });
}

test('a site that gave away too much at first is relieved when it has it back', async (t) => {
  const { kept, lines } = await judged(RELIEVED, { loads: loadsOf([60, 0], [8, 52], [36, 24]) });
  t.deepEqual(kept, [true]);
  t.regex(lines[0]!, /between 20 % and 150 % of its target, the fullest of the others at 130 %/);
});
