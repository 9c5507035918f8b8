// How a step follows demand that jumps, under the conditions of a running server.

import test from 'ava';
import { withCapacity } from '../../support/spill.ts';
import { SpillLoop } from '../../support/spill-loop.ts';
import { failover, modelOf, pool, type SiteName } from '../../support/steering.ts';

const TARGET = 100;
/** The default: a quarter above target. */
const MAX = 125;
const CALM_SEC = 60;

const loopOf = (ttlSec: number, keptSec?: number, delaySec?: number): SpillLoop =>
  new SpillLoop(
    withCapacity(
      modelOf(
        { a: [{ site: 'london' }], b: [{ site: 'frankfurt' }], c: [{ site: 'newyork' }] },
        { www: { spill: { priority: 5, maxExtraKm: 20_100 }, root: failover([pool(0), pool(1), pool(2)]) } },
      ),
      { london: TARGET, frankfurt: TARGET, newyork: TARGET },
    ),
    ttlSec,
    keptSec,
    delaySec,
  );

/** Loads of a site, second by second, after demand has jumped. */
function afterJump(loop: SpillLoop, before: number, after: number, seconds: number, site: SiteName = 'london'): number[] {
  for (let i = 0; i < CALM_SEC; i++) loop.second(before);
  return Array.from({ length: seconds }, () => loop.second(after)[site]!);
}

for (const [ttlSec, settledSec] of [
  [1, 12],
  [5, 20],
  [30, 50],
] as const) {
  for (const [before, after] of [
    [20, 150],
    [90, 150],
    [40, 240],
  ] as const) {
    test(`of a jump from ${before} to ${after} a site is within its max ${settledSec} s later at a TTL of ${ttlSec} s`, (t) => {
      const loads = afterJump(loopOf(ttlSec), before, after, 200);
      t.true(Math.max(...loads.slice(settledSec)) <= MAX, loads.map((load) => load.toFixed(0)).join(' '));
      t.true(loads.at(-1)! <= TARGET * 1.04, `${loads.at(-1)}`);
      t.true(loads.at(-1)! >= TARGET * 0.9, `${loads.at(-1)}`);
    });
  }
}

test('clients are back a few TTLs after demand has fallen', (t) => {
  const loads = afterJump(loopOf(5), 150, 60, 60, 'frankfurt');
  t.true(Math.max(...loads.slice(40)) < 3, loads.map((load) => load.toFixed(0)).join(' '));
});

test('a report that wavers as resolvers make it does not move clients to and fro', (t) => {
  const loop = loopOf(5);
  for (let i = 0; i < CALM_SEC; i++) loop.second(150);
  let sign = 1;
  const loads = Array.from({ length: 120 }, (_, i) => {
    if (i % 5 === 0) sign = -sign;
    return loop.second(150, (load) => load * (1 + 0.05 * sign))['london']!;
  });
  const late = loads.slice(30);
  t.true(Math.max(...late) - Math.min(...late) < 6, late.map((load) => load.toFixed(0)).join(' '));
});

test('one report that is wrong by ten times moves less than half, and is forgotten within some TTLs', (t) => {
  const loop = loopOf(5);
  for (let i = 0; i < CALM_SEC; i++) loop.second(90);
  let isWrong = true;
  const loads = Array.from({ length: 60 }, () => {
    const wrong = isWrong;
    isWrong = false;
    return loop.second(90, (load) => (wrong ? load * 10 : load))['london']!;
  });
  t.true(Math.min(...loads) > 45, loads.map((load) => load.toFixed(0)).join(' '));
  t.true(loads.at(-1)! > 85, loads.map((load) => load.toFixed(0)).join(' '));
});

for (const ttlSec of [10, 30]) {
  for (const delaySec of [0, 4]) {
    test(`clients that keep no answers are not moved to and fro at a TTL of ${ttlSec} s, with reports ${delaySec} s late`, (t) => {
      const loads = afterJump(loopOf(ttlSec, 1, delaySec), 90, 150, 240);
      const told = loads.map((load) => load.toFixed(0)).join(' ');
      t.true(Math.min(...loads) >= TARGET * 0.9, told);
      t.true(Math.max(...loads.slice(20)) <= TARGET * 1.2, told);
      t.true(Math.max(...loads.slice(150)) <= TARGET * 1.1, told);
    });
  }
}

for (const [ttlSec, keptSec] of [
  [1, 1],
  [5, 1],
  [5, 5],
  [10, 1],
  [10, 10],
] as const) {
  for (const lateSec of [5, 9]) {
    test(`reports of a site that are ${lateSec} s old do not make it swing at a TTL of ${ttlSec} s, with answers kept for ${keptSec} s`, (t) => {
      const loop = loopOf(ttlSec, keptSec);
      const second = (demand: number): number =>
        loop.second(
          demand,
          (load) => load,
          (site) => (site === 'london' ? lateSec : 0),
        )['london']!;
      for (let i = 0; i < CALM_SEC; i++) second(90);
      const late = Array.from({ length: 240 }, () => second(240)).slice(150);
      const told = late.map((load) => load.toFixed(0)).join(' ');
      t.true(Math.min(...late) >= TARGET * 0.85, told);
      t.true(Math.max(...late) <= TARGET * 1.15, told);
    });
  }
}

for (const [ttlSec, lateSec] of [
  [1, 9],
  [3, 9],
  [5, 9],
  [5, 20],
  [10, 20],
] as const) {
  test(`a site whose reports are ${lateSec} s late and do not say so is calm within ten minutes at a TTL of ${ttlSec} s`, (t) => {
    const loads = afterJump(loopOf(ttlSec, undefined, lateSec), 90, 240, 800).slice(600);
    const told = loads.map((load) => load.toFixed(0)).join(' ');
    t.true(Math.min(...loads) >= TARGET * 0.9, told);
    t.true(Math.max(...loads) <= TARGET * 1.1, told);
  });
}
