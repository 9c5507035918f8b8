// Where each target of the list is judged: its group and its place in it.

import { freshSec } from '../health/freshness.ts';
import type { Target } from '../model/probe.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { FleetVerdict, Verdict } from '../model/verdict.ts';
import { FleetGroup } from './group.ts';

export interface Place {
  readonly group: FleetGroup;
  readonly local: number;
}

interface Grouped {
  readonly group: FleetGroup;
  /** Index in the list, by place in the group. */
  readonly indices: readonly number[];
}

export class TargetPlaces {
  readonly groups: readonly FleetGroup[];
  /** The longest time that a vote counts. */
  readonly freshMs: number;
  readonly #places: Place[] = [];
  readonly #indexOfKey = new Map<string, number>();
  readonly #indicesOf = new Map<FleetGroup, readonly number[]>();

  constructor(grouped: readonly Grouped[]) {
    this.groups = grouped.map(({ group }) => group);
    this.freshMs = Math.max(0, ...this.groups.map(({ setup }) => 1000 * freshSec(setup.probe.cadence)));
    for (const { group, indices } of grouped) {
      this.#indicesOf.set(group, indices);
      for (const [local, index] of indices.entries()) {
        this.#places[index] = { group, local };
        this.#indexOfKey.set(group.setup.targets[local]!.key, index);
      }
    }
  }

  /** One group for each probe that has targets. */
  static of({ steering, targets, health }: Pick<Snapshot, 'steering' | 'targets' | 'health'>): TargetPlaces {
    const byProbe = new Map<string, number[]>();
    for (const [index, { probe }] of targets.entries()) {
      const indices = byProbe.get(probe.id) ?? [];
      byProbe.set(probe.id, indices);
      indices.push(index);
    }
    const grouped = [...byProbe.values()].map((indices): Grouped => {
      const own = indices.map((index) => targets[index]!);
      const siteOfTarget = Uint16Array.from(own, ({ member }) => steering.members[member]!.site);
      const setup = {
        probe: own[0]!.probe,
        targets: own,
        siteOfTarget,
        sites: steering.sites.length,
        isGuarded: health.flapGuard,
      };
      return { group: new FleetGroup(setup), indices };
    });
    return new TargetPlaces(grouped);
  }

  /** Of a target of the list, by index. */
  at(index: number): Place {
    return this.#places[index]!;
  }

  /** Of a target by key; undefined if the list does not have it. */
  ofKey(key: string): Place | undefined {
    return this.#places[this.#indexOfKey.get(key) ?? -1];
  }

  targetAt(index: number): Target {
    const { group, local } = this.at(index);
    return group.setup.targets[local]!;
  }

  indexOf(group: FleetGroup, local: number): number {
    return this.#indicesOf.get(group)![local]!;
  }

  /** A verdict of before, or of somebody else. */
  remember(verdict: Verdict): void {
    const place = this.ofKey(verdict.target);
    place?.group.remember(place.local, verdict);
  }

  /** The verdicts so far, by index. */
  *verdicts(): Generator<[number, FleetVerdict]> {
    for (const [index, { group, local }] of this.#places.entries()) {
      const verdict = group.verdictOf(local);
      if (verdict !== undefined) yield [index, verdict];
    }
  }
}
