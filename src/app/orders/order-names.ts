// What an operator types as the object of an order, to the glob that is stored: `fra` becomes `site:fra` if there is such a site.
// A glob that names nobody is refused here, where a person sits: most likely it is misspelt.

import type { Problem } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { didYouMean, list } from '../../config/suggest.ts';
import { membersNamed, type Nameable, serversNamed } from '../../health/overrides.ts';
import type { Member } from '../../model/steering.ts';
import type { MemberReport } from '../health/health-report.ts';

type Names = Nameable<Pick<Member, 'id' | 'pool' | 'site'>> & {
  /** Inside sites: `site/service/server`. */
  readonly servers: readonly string[];
};

/** The names that a running server knows. */
export function namesOf(
  reports: readonly Pick<MemberReport, 'member' | 'pool' | 'site'>[],
  servers: readonly string[] = [],
): Names {
  const sites = [...new Set(reports.map(({ site }) => site))];
  const pools = [...new Set(reports.map(({ pool }) => pool))];
  return {
    servers,
    sites: sites.map((id) => ({ id })),
    pools: pools.map((id) => ({ id })),
    members: reports.map(({ member, pool, site }) => ({ id: member, pool: pools.indexOf(pool), site: sites.indexOf(site) })),
  };
}

/** `given` as a glob: as it is if it has a scope, a slash or a wildcard; a plain name as the site, pool or member that it is. */
export function globOf(given: string, names: Names): Result<string, Problem> {
  const isServer =
    !given.includes(':') && membersNamed(given, names).length === 0 && serversNamed(`server:${given}`, names.servers).length > 0;
  const glob = isServer ? ok(`server:${given}`) : /[:/*?]/.test(given) ? ok(given) : plainGlob(given, names);
  if (!glob.ok) return glob;
  const isKnown = membersNamed(glob.value, names).length > 0 || serversNamed(glob.value, names.servers).length > 0;
  return isKnown ? glob : err(unknownName(given, names));
}

function plainGlob(given: string, { sites, pools, members }: Names): Result<string, Problem> {
  const isSite = sites.some(({ id }) => id === given);
  const isPool = pools.some(({ id }) => id === given);
  if (isSite && isPool) return err(usage(`"${given}" is a site and a pool; write site:${given} or pool:${given}`));
  if (isSite) return ok(`site:${given}`);
  if (isPool) return ok(`pool:${given}`);
  const called = members.filter(({ id }) => localName(id) === given).map(({ id }) => id);
  if (called.length < 2) return ok(called[0] ?? given);
  return err(usage(`"${given}" is the name of several members; write one of ${list(called)}, or '*/${given}' for all of them`));
}

/** The second half of `pool/name`. */
const localName = (member: string): string => member.slice(member.indexOf('/') + 1);

function unknownName(given: string, names: Names): Problem {
  const ids = (entries: readonly { readonly id: string }[]): string[] => entries.map(({ id }) => id);
  const [, scope, name] = /^(?:(site|pool|server):)?(.*)$/s.exec(given)!;
  const [sites, pools, members] = [ids(names.sites), ids(names.pools), ids(names.members)];
  if (scope !== undefined) {
    const known = scope === 'site' ? sites : scope === 'pool' ? pools : names.servers;
    return usage(`no ${scope} is called "${name}"${didYouMean(name!, known)} (${scope}s: ${list(known)})`);
  }
  const nouns = /[*?]/.test(given) ? 'no member matches' : 'no site, pool or member is called';
  const hint = didYouMean(given, [...sites, ...pools, ...members, ...members.map(localName), ...names.servers]);
  return usage(`${nouns} "${given}"${hint} (sites: ${list(sites)}; pools: ${list(pools)}; members: ${list(members)})`);
}

const usage = (message: string): Problem => ({ severity: 'error', code: 'ERR_USAGE', message });
