// What of a load all servers must have in common before a change counts as one change: who answers what, from which checks. What is
// each server's own (addresses, files, threads, secrets) is left out.

import { createHash } from 'node:crypto';
import type { Snapshot } from '../../model/snapshot.ts';
import type { LoadedZone } from '../loading/load.ts';

const DIGITS = 32;

type Common = Pick<Snapshot, 'steering' | 'targets' | 'health'>;

export function digestOf({ steering, targets, health }: Common, zones: readonly Pick<LoadedZone, 'origin' | 'buffer'>[]): string {
  const hash = createHash('sha256').update(JSON.stringify([steering, targets, health], plain));
  for (const { origin, buffer } of [...zones].sort((a, b) => Buffer.compare(a.origin, b.origin))) {
    hash.update(origin).update(new Uint8Array(buffer));
  }
  return hash.digest('hex').slice(0, DIGITS);
}

/** JSON has no word for these. */
function plain(_key: string, value: unknown): unknown {
  if (value instanceof Map) return [...value];
  if (value instanceof Set) return [...value];
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex');
  return typeof value === 'bigint' || value === Number.POSITIVE_INFINITY ? String(value) : value;
}
