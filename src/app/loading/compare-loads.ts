// What a reload changes, by name: items that came, went, or are otherwise than before.

import type { ReloadReply } from '../../admin/schemas/changes.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { nameToText } from '../../wire/name.ts';
import type { LoadedZone } from './load.ts';

export interface Compared {
  readonly snapshot: Snapshot;
  /** null = none are read by this process. */
  readonly zones: readonly LoadedZone[] | null;
}

type Changes = NonNullable<ReloadReply['changes']>;

export function compareLoads(before: Compared, after: Compared): Changes {
  const models = [before.snapshot.steering, after.snapshot.steering] as const;
  const part = (name: 'sites' | 'pools' | 'members' | 'policies'): Changes['sites'] =>
    differences(
      new Map(models[0][name].map((item) => [item.id, textOf(item, before.snapshot)])),
      new Map(models[1][name].map((item) => [item.id, textOf(item, after.snapshot)])),
    );
  const probesOf = ({ snapshot }: Compared): Map<string, string> =>
    new Map(snapshot.probes.map((probe) => [probe.id, textOf(probe, snapshot)]));
  return {
    sites: part('sites'),
    pools: part('pools'),
    members: part('members'),
    policies: part('policies'),
    probes: differences(probesOf(before), probesOf(after)),
    zones: differences(zoneTexts(before), zoneTexts(after)),
  };
}

/** An item with names for the numbers that mean something only within one load. */
function textOf(item: object, { steering }: Snapshot): string {
  const { pools, sites, members } = steering;
  return JSON.stringify(item, (key, value: unknown) => {
    if (key === 'index') return undefined;
    if (key === 'pool' && typeof value === 'number') return pools[value]!.id;
    if (key === 'site' && typeof value === 'number') return sites[value]!.id;
    if (key === 'members' && Array.isArray(value)) return (value as number[]).map((member) => members[member]!.id);
    return value instanceof Map ? [...value] : value;
  });
}

const zoneTexts = ({ zones }: Compared): Map<string, LoadedZone> =>
  new Map((zones ?? []).map((zone) => [nameToText(zone.origin).toLowerCase(), zone]));

function differences<T extends string | LoadedZone>(
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
): Changes['sites'] {
  const names = [...after.keys()];
  return {
    added: names.filter((name) => !before.has(name)),
    removed: [...before.keys()].filter((name) => !after.has(name)),
    changed: names.filter((name) => before.has(name) && !isSame(before.get(name)!, after.get(name)!)),
  };
}

function isSame(a: string | LoadedZone, b: string | LoadedZone): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  return a.buffer === b.buffer || Buffer.compare(Buffer.from(a.buffer), Buffer.from(b.buffer)) === 0;
}
