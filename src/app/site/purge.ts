// An order to purge the caches of the agents of a process: who is meant, and whether the pattern is one.

import type { Problem } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { readPurge } from '../../site/l7/cache/purge.ts';
import type { PurgeReport } from '../../site/report.ts';
import type { SiteDesk } from './site-desk.ts';

export interface PurgeRequest {
  readonly pattern: string;
  /** Null = all sites of the process. */
  readonly site: string | null;
}

export function purgeCaches(desk: SiteDesk | null, { pattern, site }: PurgeRequest): Result<readonly PurgeReport[], Problem> {
  if (desk === null || desk.sites.length === 0) return usage('this process is the agent of no site');
  if (site !== null && !desk.sites.includes(site)) {
    return usage(`this process is not the agent of the site "${site}", but of: ${desk.sites.join(', ')}`);
  }
  const parts = readPurge(pattern);
  if (parts === null) {
    return usage(`"${pattern}" is no pattern; allowed is HOST/PATH of visible ASCII, with up to 8 stars, or * for everything`);
  }
  return ok(desk.purge(parts, site));
}

const usage = (message: string): Result<never, Problem> => err({ severity: 'error', code: 'ERR_USAGE', message });
