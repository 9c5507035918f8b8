// Every drill there is, in the order in which a first-time operator might try them.

import type { Drill } from './model.ts';
import { badCertificate } from './scripts/bad-certificate.ts';
import { badZone } from './scripts/bad-zone.ts';
import { dnsKill } from './scripts/dns-kill.ts';
import { flashCrowd } from './scripts/flash-crowd.ts';
import { redisFailover } from './scripts/redis-failover.ts';
import { redisLoss } from './scripts/redis-loss.ts';
import { regionCut } from './scripts/region-cut.ts';
import { rollingRestart } from './scripts/rolling-restart.ts';
import { rollingUpgrade } from './scripts/rolling-upgrade.ts';
import { serverLoss } from './scripts/server-loss.ts';
import { siteLoss } from './scripts/site-loss.ts';
import { slowSite } from './scripts/slow-site.ts';

export const DRILLS: readonly Drill[] = [
  siteLoss,
  slowSite,
  badCertificate,
  serverLoss,
  dnsKill,
  rollingRestart,
  rollingUpgrade,
  redisLoss,
  redisFailover,
  regionCut,
  badZone,
  flashCrowd,
];
