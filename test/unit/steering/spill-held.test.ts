// How clients are taken to follow a change of plans.

import test from 'ava';
import { follow, turn } from '../../../src/steering/spill-held.ts';
import { sharesOfAll } from '../../../src/steering/spill-shares.ts';
import { stateFrom } from '../../../src/steering/spill-state.ts';
import { clientsAt, SpillWorld, withCapacity } from '../../support/spill.ts';
import { modelOf, nearest } from '../../support/steering.ts';

const TTL_SEC = 30;
const STEP_SEC = 2;
const POOLS = { web: [{ site: 'london' }, { site: 'frankfurt' }] } as const;
const POLICIES = { www: { spill: { priority: 5, maxExtraKm: 20_100 }, root: nearest(0) } } as const;

/** Clients of one place, all at London; `plan` sets the part of them that London takes from now on, `pass` lets time go by. */
function clients() {
  const world = new SpillWorld(withCapacity(modelOf(POOLS, POLICIES), { london: 100, frankfurt: 100 }), [
    clientsAt('london', 'GB'),
  ]);
  const { map } = world;
  const state = stateFrom(map, undefined, 0);
  const kind = world.classOf(0);
  const item = map.owners.findIndex((owners) => owners.some((owner) => owner.class === kind));
  const shares = sharesOfAll(map, state.admit);
  const inUse = Uint32Array.from(shares.keys());
  const london = map.first[item]!;
  return {
    plan(part: number): void {
      const flow = shares.slice();
      flow[london] = part;
      flow[london + 1] = 1 - part;
      turn(state, item, shares, flow, 1);
      shares.set(flow);
    },
    /** The share that holds London at the end of each step. */
    pass(seconds: number, lateSec = 0): number[] {
      return Array.from({ length: seconds / STEP_SEC }, () => {
        follow(state, shares, inUse, STEP_SEC, TTL_SEC, lateSec);
        return state.held[london]!;
      });
    },
  };
}

test('after a change clients follow in a straight line for most of a TTL, and half a TTL after it nearly all have', (t) => {
  const { plan, pass } = clients();
  pass(60);
  plan(0);
  const held = pass(44);
  for (let i = 1; i < 10; i++) t.true(Math.abs(held[i - 1]! - held[i]! - (1 - held[0]!)) < 0.01, held.join(' '));
  t.true(Math.abs(held[16 / STEP_SEC - 1]! - 0.54) < 0.03, held.join(' '));
  t.true(held[TTL_SEC / STEP_SEC - 1]! < 0.18, held.join(' '));
  t.true(held.at(-1)! < 0.05, held.join(' '));
});

test('a small change does not keep those back who were on their way', (t) => {
  const [one, other] = [clients(), clients()];
  for (const { plan } of [one, other]) plan(0);
  one.pass(20);
  other.pass(20);
  other.plan(0.02);
  const [alone, changed] = [one.pass(20).at(-1)!, other.pass(20).at(-1)!];
  t.true(Math.abs(changed - alone) < 0.05, `${alone} ${changed}`);
});

test('those who are moved by a second change take a TTL of their own', (t) => {
  const { plan, pass } = clients();
  plan(0.5);
  pass(60);
  plan(0);
  const held = pass(16);
  t.true(held.at(-1)! > 0.2 && held.at(-1)! < 0.32, held.join(' '));
});

test('where reports are late clients are taken to follow as much later', (t) => {
  const [prompt, late] = [clients(), clients()];
  for (const { plan } of [prompt, late]) plan(0);
  t.true(late.pass(20, 30).at(-1)! > prompt.pass(20).at(-1)! + 0.2);
});

test('a plan that goes back to where clients still are finds them there', (t) => {
  const { plan, pass } = clients();
  plan(0);
  const away = pass(16).at(-1)!;
  plan(1);
  const back = pass(16);
  t.true(back.every((share, i) => share >= (i === 0 ? away : back[i - 1]!)));
  t.true(pass(30).at(-1)! > 0.98);
});
