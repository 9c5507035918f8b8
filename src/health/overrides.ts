// Orders of people and tools: which override decides for which member. A human's outranks a tool's; of one source the newest
// decides. Orders never change verdicts: what is forced and what is seen are both kept, and shown side by side.

import { globMatcher } from '../base/glob.ts';
import type { Member, Pool, Site, SteeringModel } from '../model/steering.ts';
import type { Override } from '../model/verdict.ts';

export interface AppliedOverrides {
  /** By member index: the order that decides, null if there is none. */
  readonly byMember: readonly (Override | null)[];
  /** Orders in force that name nobody: most likely misspelt. */
  readonly idle: readonly Override[];
  /** When the next order in force ends by itself; Infinity if none does. */
  readonly nextExpiryMs: number;
}

/** `web/fra` and `web/*` speak of member ids, `pool:web` and `site:fra` of pools and sites; `*` is any text, `?` any character. */
export function applyOverrides(overrides: readonly Override[], model: SteeringModel, nowMs: number): AppliedOverrides {
  const byMember: (Override | null)[] = model.members.map(() => null);
  const idle: Override[] = [];
  let nextExpiryMs = Number.POSITIVE_INFINITY;
  for (const override of overrides) {
    const { expiresMs } = override;
    if (expiresMs !== null && expiresMs <= nowMs) continue;
    if (expiresMs !== null && expiresMs < nextExpiryMs) nextExpiryMs = expiresMs;
    const named = membersNamed(override.glob, model);
    if (named.length === 0 && !isOfServers(override)) idle.push(override);
    for (const { index } of named) {
      const known = byMember[index]!;
      if (known === null || outranks(override, known)) byMember[index] = override;
    }
  }
  return { byMember, idle, nextExpiryMs };
}

/** Orders on servers inside sites: agents know who is meant. */
const isOfServers = ({ glob }: Override): boolean => glob.startsWith('server:');

/** The order in force that decides for a site, or for a server by its name `site/service/server`; null = none. */
export function decidingOrder(
  overrides: readonly Override[],
  scope: 'site' | 'server',
  name: string,
  nowMs: number,
): Override | null {
  let deciding: Override | null = null;
  for (const override of overrides) {
    if (!override.glob.startsWith(`${scope}:`) || (override.expiresMs !== null && override.expiresMs <= nowMs)) continue;
    if (!globMatcher(override.glob.slice(scope.length + 1))(name)) continue;
    if (deciding === null || outranks(override, deciding)) deciding = override;
  }
  return deciding;
}

/** The servers that `server:glob` names, of all that there are. */
export const serversNamed = (glob: string, servers: readonly string[]): string[] =>
  glob.startsWith('server:') ? servers.filter(globMatcher(glob.slice('server:'.length))) : [];

/** What orders speak of: members with the indexes of their pool and site. */
export interface Nameable<M> {
  readonly sites: readonly Pick<Site, 'id'>[];
  readonly pools: readonly Pick<Pool, 'id'>[];
  readonly members: readonly M[];
}

/** The members that a glob names, for a preview before an order is given. */
export function membersNamed<M extends Pick<Member, 'id' | 'pool' | 'site'>>(glob: string, model: Nameable<M>): M[] {
  const [, scope, pattern] = /^(?:(site|pool|server):)?(.*)$/s.exec(glob)!;
  const matches = globMatcher(pattern!);
  if (scope === 'site') return model.members.filter(({ site }) => matches(model.sites[site]!.id));
  if (scope === 'pool') return model.members.filter(({ pool }) => matches(model.pools[pool]!.id));
  return scope === 'server' ? [] : model.members.filter(({ id }) => matches(id));
}

function outranks(override: Override, known: Override): boolean {
  if (override.source !== known.source) return override.source === 'human';
  if (override.createdMs !== known.createdMs) return override.createdMs > known.createdMs;
  return override.id > known.id;
}
