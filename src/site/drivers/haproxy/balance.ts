// Our algorithms in HAProxy's words. All hashing is consistent: map-based tables cannot change weights at run time, and move most keys
// when a server leaves. Source: HAProxy configuration manual 2.6, `balance`, `hash-type`, `hash-balance-factor`.

import type { Algorithm } from '../../../model/site.ts';

export interface Spread {
  /** Lines of the backend. */
  readonly lines: readonly string[];
  /** Whether servers have their own weights, or all the same. */
  readonly isWeighted: boolean;
  /** What HAProxy does otherwise; null = nothing. */
  readonly differs: string | null;
}

/** Undefined: HAProxy has nothing like it. */
export function spreadOf(algorithm: Algorithm, keyPrefixV4: number, keyPrefixV6: number): Spread | undefined {
  const hash = [`balance hash src,ipmask(${keyPrefixV4},${keyPrefixV6})`, 'hash-type consistent sdbm avalanche'];
  const plain = (line: string, isWeighted: boolean): Spread => ({ lines: [line], isWeighted, differs: null });
  switch (algorithm.kind) {
    case 'round-robin':
      return plain('balance roundrobin', false);
    case 'weighted-round-robin':
      return plain('balance roundrobin', true);
    case 'least-connections':
      return plain('balance leastconn', false);
    case 'weighted-least-connections':
      return plain('balance leastconn', true);
    case 'random':
      return plain('balance random(1)', true);
    case 'two-choices':
      return plain('balance random(2)', true);
    case 'ring':
      return { lines: hash, isWeighted: true, differs: null };
    case 'ip-hash':
    case 'maglev':
      return { lines: hash, isWeighted: true, differs: `algorithm ${algorithm.kind} becomes consistent hashing on a ring` };
    case 'bounded-load': {
      const factor = `hash-balance-factor ${Math.max(101, Math.min(50_000, Math.round(algorithm.factor * 100)))}`;
      return { lines: [...hash, factor], isWeighted: true, differs: null };
    }
    default:
      return undefined;
  }
}
