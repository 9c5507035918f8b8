// Configuration to algorithm: the one place that knows them all.

import type { Algorithm } from '../model/site.ts';
import { BoundedLoad } from './bounded-load.ts';
import type { Candidates } from './candidates.ts';
import type { Chooser } from './chooser.ts';
import { ConsistentHash } from './consistent-hash.ts';
import { hasLessLoad } from './custom-load.ts';
import { IpHash } from './ip-hash.ts';
import { hasLessBandwidth } from './least-bandwidth.ts';
import { LeastConnections } from './least-connections.ts';
import { hasLessToWait } from './least-time.ts';
import { Maglev } from './maglev.ts';
import { RandomChoice } from './random.ts';
import { RoundRobin } from './round-robin.ts';
import { hasLessActive, TwoChoices } from './two-choices.ts';
import { WeightedRoundRobin } from './weighted-round-robin.ts';

export function makeChooser(algorithm: Algorithm, candidates: Candidates): Chooser {
  switch (algorithm.kind) {
    case 'round-robin':
      return new RoundRobin(candidates);
    case 'weighted-round-robin':
      return new WeightedRoundRobin(candidates);
    case 'least-connections':
    case 'weighted-least-connections':
      return new LeastConnections(candidates);
    case 'random':
      return new RandomChoice(candidates);
    case 'two-choices':
      return new TwoChoices(candidates, hasLessActive);
    case 'ip-hash':
      return new IpHash(candidates);
    case 'ring':
      return new ConsistentHash(candidates, algorithm.virtualNodes);
    case 'maglev':
      return new Maglev(candidates, algorithm.tableSize);
    case 'bounded-load':
      return new BoundedLoad(candidates, algorithm.virtualNodes, algorithm.factor);
    case 'least-time':
      return new TwoChoices(candidates, hasLessToWait);
    case 'least-bandwidth':
      return new TwoChoices(candidates, hasLessBandwidth);
    case 'custom-load':
      return new TwoChoices(candidates, hasLessLoad);
  }
}

/** Whether configured weights count. Where they do not, zero still means never. */
export const heedsWeights = ({ kind }: Algorithm): boolean => kind !== 'round-robin' && kind !== 'least-connections';

/** Whether the key of a client alone says where it goes. */
export const isKeyed = ({ kind }: Algorithm): boolean =>
  kind === 'ip-hash' || kind === 'ring' || kind === 'maglev' || kind === 'bounded-load';
