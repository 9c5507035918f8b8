// Servers and candidates for tests of balance/: small services with ids s0, s1, ... and whatever differs from the usual.

import { Candidates, WHOLE } from '../../src/balance/candidates.ts';
import type { Chooser, Random } from '../../src/balance/chooser.ts';
import { ServerTable } from '../../src/balance/table.ts';
import type { Algorithm, Balancing, SiteServer } from '../../src/model/site.ts';
import { Random as Generator } from './random.ts';

export const serverOf = (id: string, differs: Partial<SiteServer> = {}): SiteServer => ({
  id,
  address: '127.0.0.1',
  port: 8080,
  weight: 1,
  priority: 0,
  maxActive: null,
  ...differs,
});

export const serversOf = (count: number, differs: (i: number) => Partial<SiteServer> = () => ({})): SiteServer[] =>
  Array.from({ length: count }, (_, i) => serverOf(`s${i}`, differs(i)));

/** A candidate for each server, with its whole weight; slots are positions in `servers`. */
export function candidatesOf(servers: readonly SiteServer[]): Candidates {
  const candidates = new Candidates(new ServerTable(), 1);
  candidates.table.configure(servers);
  setCandidates(
    candidates,
    servers.map((_, slot) => slot),
  );
  return candidates;
}

/** Narrows the candidates to `slots`, of which each has this part of its weight. */
export function setCandidates(
  candidates: Candidates,
  slots: readonly number[],
  partOf: (slot: number) => number = () => 1,
): void {
  const { weight } = candidates.table.columns;
  const all = candidates.table.ids.map((_, slot) => weight[slot]!);
  const mean = all.reduce((sum, one) => sum + one, 0) / all.length;
  candidates.set(slots, (slot) => Math.floor(WHOLE * weight[slot]! * partOf(slot)), WHOLE * mean);
}

/** Repeatable random numbers from 0 up to but not including 1. */
export function randomOf(seed: number): Random {
  const generator = new Generator(seed);
  return () => generator.uint32() / 2 ** 32;
}

/** Keys as those of so many clients, the same ones at each call. */
export function keysOf(count: number): Uint32Array {
  const generator = new Generator(4711);
  return Uint32Array.from({ length: count }, () => generator.uint32());
}

/** How often each slot is chosen for the keys; nothing is counted as under way. */
export function tally(chooser: Chooser, keys: Uint32Array, slots: number): number[] {
  const counts = Array.from({ length: slots }, () => 0);
  const random = randomOf(7);
  for (const key of keys) counts[chooser.choose(key, 0, random)]!++;
  return counts;
}

/** Which slot each key gets. */
export function placement(chooser: Chooser, keys: Uint32Array): number[] {
  const random = randomOf(7);
  return Array.from(keys, (key) => chooser.choose(key, 0, random));
}

/** The balancing of a service without anything that happens by itself. */
export const balancingOf = (algorithm: Algorithm, differs: Partial<Balancing> = {}): Balancing => ({
  algorithm,
  overflowFactor: 1.4,
  panicPercent: 50,
  slowStart: { windowMs: 0, aggression: 1, floorPercent: 10 },
  outlier: null,
  breaker: null,
  ...differs,
});

/** One of each kind. */
export const ALGORITHMS: readonly Algorithm[] = [
  { kind: 'round-robin' },
  { kind: 'weighted-round-robin' },
  { kind: 'least-connections' },
  { kind: 'weighted-least-connections' },
  { kind: 'random' },
  { kind: 'two-choices' },
  { kind: 'ip-hash' },
  { kind: 'ring', virtualNodes: 160 },
  { kind: 'maglev', tableSize: 1009 },
  { kind: 'bounded-load', virtualNodes: 160, factor: 1.25 },
  { kind: 'least-time' },
  { kind: 'least-bandwidth' },
  { kind: 'custom-load', expression: 'cpu', source: { kind: 'check' } },
];

/** Chi-square statistic of counts against their expected shares, which add up to 1. */
export function chiSquare(counts: readonly number[], shares: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.reduce((sum, count, i) => sum + (count - total * shares[i]!) ** 2 / (total * shares[i]!), 0);
}
