// Votes, targets and orders for tests, written in a line.

import type { Family } from '../../src/base/address.ts';
import { OUTCOME, type ProbeSpec, type Target } from '../../src/model/probe.ts';
import type { SteeringModel } from '../../src/model/steering.ts';
import type { Override, Vote } from '../../src/model/verdict.ts';
import { DEFAULT_CADENCE } from './flap-lab.ts';

/** A vote of prober `region/name`; fields not given are those of a settled vote that lives for a minute from time 0. */
export function voteOf(prober: string, isUp: boolean, fields: Partial<Vote> = {}): Vote {
  return {
    target: 'web/london#4',
    prober,
    region: prober.split('/')[0]!,
    epoch: 1,
    seq: 1,
    isUp,
    sinceMs: 0,
    atMs: 0,
    expiresMs: 60_000,
    outcome: isUp ? OUTCOME.OK : OUTCOME.REFUSED,
    latencyUs: 1000,
    detail: '',
    against: 0,
    needed: isUp ? DEFAULT_CADENCE.fall : DEFAULT_CADENCE.rise,
    ...fields,
  };
}

export const PROBE: ProbeSpec = {
  id: 'tcp',
  index: 0,
  check: { kind: 'tcp' },
  cadence: DEFAULT_CADENCE,
  port: 80,
  vantagePoints: 3,
};

/** Targets for the members of a model: of both families, or as `families` says. */
export function targetsOf(model: SteeringModel, families: (id: string) => readonly Family[] = () => [4, 6]): Target[] {
  const targets: Target[] = [];
  for (const { id, index: member } of model.members) {
    for (const family of families(id)) {
      targets.push({ key: `${id}#${family}`, index: targets.length, member, family, probe: PROBE, host: '192.0.2.1', port: 80 });
    }
  }
  return targets;
}

export function orderOf(glob: string, action: Override['action'], fields: Partial<Override> = {}): Override {
  return {
    id: `${action} ${glob}`,
    glob,
    action,
    source: 'human',
    reason: 'new disks',
    author: 'ann',
    createdMs: 0,
    expiresMs: null,
    ...fields,
  };
}
