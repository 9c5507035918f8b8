// Which site would answer how much under other orders: a steering image is built as it would be, and read. Ramps and drains count
// as over.

import { cellOf, type HealthFacts } from '../../health/facts.ts';
import { applyOverrides } from '../../health/overrides.ts';
import { FULL_SHARE, type HealthView, NO_CHANGE_FORESEEN } from '../../model/health.ts';
import type { Override } from '../../model/verdict.ts';
import { buildSteering } from '../../steering/build.ts';
import { SteeringImage } from '../../steering/image.ts';
import { siteShares } from '../admin/admin-steering.ts';
import type { Answering } from '../process/requests.ts';

export interface SiteForecast {
  readonly site: string;
  readonly beforePercent: number;
  readonly afterPercent: number;
}

/** By site, in the order of the configuration. */
export function forecastShares(
  { loaded, images }: Answering,
  facts: HealthFacts,
  orders: readonly Override[],
  nowMs: number,
): SiteForecast[] {
  const { snapshot, geography } = loaded;
  const model = snapshot.steering;
  const { byMember } = applyOverrides(orders, model, nowMs);
  const view: HealthView = {
    isUp: (member, family) => {
      const order = byMember[member]!;
      return order === null ? (facts.seen[cellOf(member, family)]?.isUp ?? true) : order.action === 'up';
    },
    isOrderedOut: (member) => (byMember[member]?.action ?? 'up') !== 'up',
    weightShare: () => FULL_SHARE,
    isPoolUp: (pool, family) => facts.isPoolUp(pool, family),
    ttlSec: () => NO_CHANGE_FORESEEN,
    reason: () => '',
  };
  const now = new SteeringImage(images.steering);
  const then = new SteeringImage(buildSteering(model, geography.table, view, now));
  const before = siteShares(model, geography.table, now);
  const after = siteShares(model, geography.table, then);
  return model.sites.map(({ id, index }) => ({ site: id, beforePercent: before[index]!, afterPercent: after[index]! }));
}
