// Settings made ready to serve. What counts something, such as rate limits, is taken over from the plan before where its settings stay.

import type { Problem } from '../../base/errors.ts';
import { PrefixSet } from '../../base/prefix-set.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { HttpFrontSettings, HttpRateLimit } from '../../model/site-http.ts';
import type { Service } from '../service.ts';
import { Access } from './access.ts';
import type { Plan, RoutePlan } from './context.ts';
import { Edits } from './edits.ts';
import { RateLimit } from './rate-limit.ts';
import { Routes } from './routes.ts';
import { StickyCookie } from './sticky.ts';
import { StickyTable } from './sticky-table.ts';

/** `services` by id: all that routes name must be among them. */
export function planOf(
  settings: HttpFrontSettings,
  services: ReadonlyMap<string, Service>,
  before: Plan | null,
): Result<Plan, readonly Problem[]> {
  const problems: Problem[] = [];
  const { late } = settings;
  if (late?.kind === 'service' && !services.has(late.service))
    problems.push(unknown(`late clients: there is no service ${late.service}`));
  const former = new Map(before?.plans.map((plan) => [plan.route.id, plan]));
  const plans = settings.routes.map((route): RoutePlan => {
    const service = route.action.kind === 'service' ? (services.get(route.action.service) ?? null) : null;
    if (route.action.kind === 'service' && service === null) {
      problems.push(unknown(`route ${route.id}: there is no service ${route.action.service}`));
    }
    const { stickiness, rateLimit, access, rewrite } = route;
    return {
      route,
      service,
      requestEdits: new Edits(rewrite.request),
      responseEdits: new Edits(rewrite.response),
      sticky: stickiness?.kind === 'cookie' ? new StickyCookie(stickiness) : null,
      table: stickiness?.kind === 'table' ? tableFor(stickiness, former.get(route.id)?.table ?? null) : null,
      access: access === null ? null : new Access(access),
      rateLimit: rateLimit === null ? null : rateLimitFor(rateLimit, former.get(route.id)?.rateLimit ?? null),
    };
  });
  if (problems.length > 0) return err(problems);
  return ok({ settings, plans, routes: new Routes(plans), trusted: new PrefixSet(settings.forwarding.trustedProxies) });
}

const unknown = (message: string): Problem => ({ severity: 'error', code: 'ERR_CONFIG_REFERENCE', message });

function rateLimitFor(rule: HttpRateLimit, before: RateLimit | null): RateLimit {
  return before !== null && JSON.stringify(before.rule) === JSON.stringify(rule) ? before : new RateLimit(rule);
}

function tableFor(settings: StickyTable['settings'], before: StickyTable | null): StickyTable {
  return before !== null && JSON.stringify(before.settings) === JSON.stringify(settings) ? before : new StickyTable(settings);
}
