// What an import has made so far: a configuration of Meridian as plain values, zone texts, and a line for each thing that could not be
// carried over. Invariant: every name it hands out is one that the configuration allows, and no two things share one.

import type { Family } from '../base/address.ts';
import type { DraftRule } from './draft-rule.ts';
import { withKnownPlaces } from './places.ts';

/** Longest name of a site, pool, member or policy, in characters. */
const MAX_NAME = 63;

export interface DraftMember {
  readonly site: string;
  readonly name: string;
  readonly v4?: string;
  readonly v6?: string;
  readonly alias?: string;
  readonly weight?: number;
  readonly check?: { readonly host?: string; readonly port?: number };
}

export interface DraftPool {
  readonly probe?: string;
  readonly up?: { readonly low: number; readonly high: number; readonly of: 'members' | 'weight' };
  readonly members: readonly DraftMember[];
}

export interface DraftPolicy {
  readonly rule: DraftRule;
  readonly pick?: 'sticky';
  readonly answers?: number;
  readonly lastResort?: { readonly fallback: string };
}

export interface DraftSite {
  /** Degrees. */
  readonly latitude: number;
  readonly longitude: number;
}

/** A probe as the configuration writes it. */
export type DraftProbe = Readonly<Record<string, unknown>>;

export class Draft {
  readonly sites: Map<string, DraftSite> = new Map();
  readonly probes: Map<string, DraftProbe> = new Map();
  readonly pools: Map<string, DraftPool> = new Map();
  readonly policies: Map<string, DraftPolicy> = new Map();
  /** Zone name without the final dot -> text of its master file. */
  readonly zones: Map<string, string> = new Map();
  readonly #losses = new Set<string>();
  /** Text of a shared probe -> its name. */
  readonly #shared = new Map<string, string>();
  /** Name in the source -> name here. */
  readonly #siteNames = new Map<string, string>();

  /** `where` is a place in the input, `what` a sentence on what is different now. */
  lose(where: string, what: string): void {
    this.#losses.add(`${where}: ${what}`);
  }

  /** In the order in which they were found, each once. */
  get losses(): readonly string[] {
    return [...this.#losses];
  }

  /** Adds a pool under a name made of `parts`; returns the name. */
  addPool(parts: readonly string[], pool: DraftPool): string {
    const name = freeName(parts, this.pools);
    this.pools.set(name, pool);
    return name;
  }

  /** Adds a policy under a name like `wanted`; returns the name. */
  addPolicy(wanted: string, policy: DraftPolicy): string {
    const name = freeName([wanted], this.policies);
    const rule = withKnownPlaces(policy.rule, (what) => this.lose(`policy ${name}`, what));
    this.policies.set(name, { ...policy, rule });
    return name;
  }

  /** Adds a probe under a name like `wanted`; returns the name. */
  addProbe(wanted: string, probe: DraftProbe): string {
    const name = freeName([wanted], this.probes);
    this.probes.set(name, probe);
    return name;
  }

  /** The name of a probe that is like this one; those that are the same share one. */
  shareProbe(probe: DraftProbe): string {
    const text = JSON.stringify(probe);
    const name = this.#shared.get(text) ?? this.addProbe(`check-${this.#shared.size + 1}`, probe);
    this.#shared.set(text, name);
    return name;
  }

  /** The site that the source calls so; its place is kept if it is known already. */
  addSite(name: string, site?: DraftSite): string {
    const id = this.#siteNames.get(name) ?? freeName([name], this.sites);
    this.#siteNames.set(name, id);
    if (site !== undefined || !this.sites.has(id)) this.sites.set(id, site ?? { latitude: 0, longitude: 0 });
    return id;
  }

  /** The configuration, in the order in which people read it, without pools and probes that went into others. */
  toConfig(): Readonly<Record<string, unknown>> {
    const used = new Set(
      [...this.policies.values()].flatMap(({ rule, lastResort }) => [
        ...poolsOf(rule),
        ...(lastResort === undefined ? [] : [lastResort.fallback]),
      ]),
    );
    for (const name of [...this.pools.keys()]) if (!used.has(name)) this.pools.delete(name);
    const members = [...this.pools.values()].flatMap((pool) => pool.members);
    for (const name of [...this.sites.keys()]) if (!members.some(({ site }) => site === name)) this.sites.delete(name);
    const probes = new Set([...this.pools.values()].map(({ probe }) => probe));
    for (const name of [...this.probes.keys()]) if (!probes.has(name)) this.probes.delete(name);
    return {
      server: { listen: ['127.0.0.1:5053'], stateDirectory: 'var' },
      sites: Object.fromEntries(this.sites),
      ...(this.probes.size > 0 ? { probes: Object.fromEntries(this.probes) } : {}),
      pools: Object.fromEntries(this.pools),
      policies: Object.fromEntries(this.policies),
    };
  }
}

function poolsOf(rule: DraftRule): readonly string[] {
  if ('pool' in rule) return [rule.pool];
  if ('nearest' in rule) return [rule.nearest.pool];
  if ('failover' in rule) return rule.failover.flatMap(poolsOf);
  if ('weighted' in rule) return rule.weighted.flatMap((entry) => poolsOf(entry.rule));
  const { default: otherwise, ...maps } = rule.map;
  return [otherwise, ...Object.values(maps).flatMap((map) => Object.values(map as Readonly<Record<string, DraftRule>>))].flatMap(
    poolsOf,
  );
}

/** A name that the configuration allows. */
export const plainName = (text: string): string => text.replaceAll(/[^A-Za-z0-9_-]+/g, '-').slice(0, MAX_NAME) || 'unnamed';

function freeName(parts: readonly string[], taken: ReadonlyMap<string, unknown>): string {
  const wanted = plainName(parts.join('-'));
  for (let nth = 2, name = wanted; ; nth++) {
    if (!taken.has(name)) return name;
    name = `${wanted.slice(0, MAX_NAME - 4)}-${nth}`;
  }
}

const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;
const IPV6 = /^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$/;

/** The family of a numeric address, undefined for anything else. A first look: `meridian check` judges the address itself. */
export const familyOf = (text: string): Family | undefined => (IPV4.test(text) ? 4 : IPV6.test(text) ? 6 : undefined);

/** What a member answers with: a numeric address, or the absolute name of another host. */
export const answerOf = (value: string): Pick<DraftMember, 'v4' | 'v6' | 'alias'> => {
  const family = familyOf(value);
  if (family === undefined) return { alias: value.endsWith('.') ? value : `${value}.` };
  return family === 4 ? { v4: value } : { v6: value };
};
