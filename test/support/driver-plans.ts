// Plans for tests of drivers: one service `web` with one front `in`, and whatever differs.

import type { SiteServer, SiteService, TcpFrontSettings } from '../../src/model/site.ts';
import type { DriverFront, DriverPlan } from '../../src/model/site-driver.ts';
import { balancingOf } from './balance.ts';
import { FRONT } from './site.ts';

export const serviceOf = (servers: readonly SiteServer[], differs: Partial<SiteService> = {}): SiteService => ({
  id: 'web',
  servers,
  balancing: balancingOf({ kind: 'weighted-round-robin' }),
  queue: { mostWaiting: 100, timeoutMs: 60_000 },
  retry: { percent: 20, least: 3 },
  ...differs,
});

export const frontOf = (settings: Partial<TcpFrontSettings> = {}, differs: Partial<DriverFront> = {}): DriverFront => ({
  id: 'in',
  serviceId: 'web',
  protocol: 'tcp',
  settings: { ...FRONT, port: 8080, ...settings },
  ...differs,
});

export const planOf = (
  servers: readonly SiteServer[],
  { service = {}, front = {} }: { service?: Partial<SiteService>; front?: Partial<TcpFrontSettings> } = {},
): DriverPlan => ({ services: [serviceOf(servers, service)], fronts: [frontOf(front)] });
