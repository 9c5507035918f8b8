// Counters as `nft -j list counters` tells them: {"nftables": [{"metainfo": ...}, {"counter": {"name": ..., "packets": ...}}, ...]}. In a chain
// for new connections only, a packet is a connection.

import type { Problem } from '../../../base/errors.ts';
import { ok, type Result } from '../../../base/result.ts';
import { jsonOf } from '../page.ts';
import { failure } from '../problem.ts';

export function parseCounters(text: string): Result<ReadonlyMap<string, number>, Problem> {
  const parsed = jsonOf('nftables: list of counters', text);
  if (!parsed.ok) return parsed;
  const bad = failure('ERR_LOAD_FORM', 'nftables: list of counters: names with counts of packets were expected');
  const list = (parsed.value as { nftables?: unknown } | null)?.nftables;
  if (!Array.isArray(list)) return bad;
  const counts = new Map<string, number>();
  for (const item of list) {
    const counter = (item as { counter?: { name?: unknown; packets?: unknown } } | null)?.counter;
    if (counter === undefined) continue;
    const { name, packets } = counter ?? {};
    if (typeof name !== 'string' || !Number.isSafeInteger(packets) || (packets as number) < 0) return bad;
    counts.set(name, packets as number);
  }
  return ok(counts);
}
