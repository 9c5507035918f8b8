// Which targets a batch of results speaks of. Results name targets by index, so a process whose configuration lists others, or
// judges them by other rules, must not be believed: the hash of the list travels with each batch and each report.

import { finish32, hashText, mix32 } from '../base/hash.ts';
import type { Target } from '../model/probe.ts';

const SEEDS = [0x666c6565, 0x74676574] as const;

/**
 * 16 hexadecimal digits: equal for lists of the same targets in the same order, whose probes have the same cadence and as many
 * vantage points. It tells configurations apart that differ by accident; it is no protection against forgery.
 */
export function targetListHash(targets: readonly Target[]): string {
  return SEEDS.map((seed) => hash(targets, seed).toString(16).padStart(8, '0')).join('');
}

function hash(targets: readonly Target[], seed: number): number {
  const probes = new Map<Target['probe'], number>();
  let sum = mix32(seed, targets.length);
  for (const { key, probe } of targets) {
    let rules = probes.get(probe);
    if (rules === undefined) {
      rules = hashText(JSON.stringify([probe.id, probe.cadence, probe.vantagePoints]), seed);
      probes.set(probe, rules);
    }
    sum = mix32(mix32(sum, hashText(key, seed)), rules);
  }
  return finish32(sum);
}
