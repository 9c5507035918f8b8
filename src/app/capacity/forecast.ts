// Which site would answer how much under other orders: a steering image is built as it would be, and read. Ramps and drains count
// as over.

import { cellOf, type HealthFacts } from '../../health/facts.ts';
import { applyOverrides } from '../../health/overrides.ts';
import { FULL_SHARE, type HealthView, NO_CHANGE_FORESEEN } from '../../model/health.ts';
import type { SteeringModel } from '../../model/steering.ts';
import type { Override } from '../../model/verdict.ts';
import { buildSteering } from '../../steering/build.ts';
import { SteeringImage } from '../../steering/image.ts';
import { siteShares } from '../admin/admin-steering.ts';
import type { Answering } from '../process/running.ts';

export interface SiteForecast {
  readonly site: string;
  readonly beforePercent: number;
  readonly afterPercent: number;
  /** Of a site that is ordered out whole: which policies give it all the same, having nobody else. */
  readonly stays: { policy: string; percent: number; lastResort: LastResortKind }[];
}

type LastResortKind = SteeringModel['policies'][number]['lastResort']['kind'];

export interface OtherWorld {
  readonly view: HealthView;
  readonly steering: SteeringImage;
}

/** What health and steering would be under other orders. */
export function underOrders(
  { loaded, images }: Answering,
  facts: HealthFacts,
  orders: readonly Override[],
  nowMs: number,
): OtherWorld {
  const { snapshot, geography } = loaded;
  const { byMember } = applyOverrides(orders, snapshot.steering, nowMs);
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
  return { view, steering: new SteeringImage(buildSteering(snapshot.steering, geography.table, view, now)) };
}

/** By site, in the order of the configuration. */
export function forecastShares(
  answering: Answering,
  facts: HealthFacts,
  orders: readonly Override[],
  nowMs: number,
): SiteForecast[] {
  const { snapshot, geography } = answering.loaded;
  const model = snapshot.steering;
  const { view, steering: then } = underOrders(answering, facts, orders, nowMs);
  const now = new SteeringImage(answering.images.steering);
  const before = siteShares(model, geography.table, now);
  const after = siteShares(model, geography.table, then);
  const isOut = (site: number): boolean =>
    model.members.every((member) => member.site !== site || view.isOrderedOut(member.index, 4));
  const stayed = model.sites.filter(({ index }) => after[index]! > 0 && isOut(index));
  const byPolicy = stayed.length === 0 ? [] : model.policies.map(({ index }) => siteShares(model, geography.table, then, index));
  return model.sites.map((site) => {
    const stays = !stayed.includes(site)
      ? []
      : model.policies.flatMap(({ id: policy, index, lastResort }) => {
          const percent = byPolicy[index]![site.index]!;
          return percent === 0 ? [] : [{ policy, percent, lastResort: lastResort.kind }];
        });
    return { site: site.id, beforePercent: before[site.index]!, afterPercent: after[site.index]!, stays };
  });
}
