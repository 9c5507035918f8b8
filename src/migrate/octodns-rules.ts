// Dynamic records of octoDNS to a rule: pools with weights and fallbacks, rules by place and network of which the first that matches counts.
// octoDNS wants the more specific rules first, which is what a `map` means by itself. Records A and AAAA of one name become one policy,
// whose members have both addresses. `geo`, the older notation, is read as pools that fall back to the values of the record.

import { answerOf, type Draft, type DraftMember, type DraftPolicy, type DraftProbe, plainName } from './draft.ts';
import type { DraftRule } from './draft-rule.ts';
import { type Fields, isFields, listOf, number, text, textsOf } from './fields.ts';
import type { OctodnsRecord } from './octodns-input.ts';

const CONTINENTS = ['AF', 'AN', 'AS', 'EU', 'NA', 'OC', 'SA'];
const DEFAULT_PORTS: Readonly<Record<string, number>> = { HTTP: 80, HTTPS: 443 };
const BACKUP = 'backup';

interface Value {
  readonly value: string;
  readonly weight: number;
}

interface Plan {
  /** Pool -> its values, and the pool to try when none of them is up. */
  readonly pools: ReadonlyMap<string, { readonly values: readonly Value[]; readonly fallback: string | undefined }>;
  readonly rules: readonly { readonly places: readonly string[]; readonly networks: readonly string[]; readonly pool: string }[];
}

export class OctodnsRules {
  readonly #draft: Draft;

  constructor(draft: Draft) {
    this.#draft = draft;
  }

  /** `records` are those of one name that have addresses or another name; at least one is dynamic. Undefined, and reported, if it cannot be. */
  policyOf(records: readonly OctodnsRecord[]): DraftPolicy | undefined {
    const lead = records.find(isDynamic)!;
    const where = `${lead.name} ${lead.type}`;
    const plan = this.#plan(lead, where);
    if (plan === undefined) return undefined;
    const other = records.find((record) => record !== lead);
    const second = other === undefined ? undefined : this.#second(plan, other, where);
    const probe = this.#probe(lead, where);
    const names = new Map<string, string>();
    for (const [pool, { values }] of plan.pools) names.set(pool, this.#pool(lead, pool, values, second?.get(pool) ?? [], probe));
    const backup = this.#pool(lead, BACKUP, plain(lead), other === undefined ? [] : plain(other), undefined);
    const rule = this.#rule(plan, names, where);
    return rule === undefined ? undefined : { rule, lastResort: { fallback: backup } };
  }

  #plan(record: OctodnsRecord, where: string): Plan | undefined {
    if (record.dynamic === undefined) return geoPlan(record);
    const { pools: found, rules: list } = record.dynamic;
    const pools = new Map<string, { values: readonly Value[]; fallback: string | undefined }>();
    for (const [name, pool] of Object.entries(isFields(found) ? found : {})) {
      const values = listOf(isFields(pool) ? pool['values'] : undefined).flatMap(
        (each) => this.#value(each, `${where}, pool ${name}`) ?? [],
      );
      if (values.length === 0) this.#draft.lose(where, `pool ${name} has no value that serves; left out`);
      else pools.set(name, { values, fallback: isFields(pool) ? text(pool['fallback']) : undefined });
    }
    const rules = listOf(list).flatMap((rule) => {
      const pool = isFields(rule) ? text(rule['pool']) : undefined;
      if (pool === undefined || !pools.has(pool)) {
        this.#draft.lose(where, `a rule leads to the pool ${pool ?? '(none)'}, which is not there; left out`);
        return [];
      }
      return [{ places: textsOf((rule as Fields)['geos']), networks: textsOf((rule as Fields)['subnets']), pool }];
    });
    return rules.length === 0 ? undefined : { pools, rules };
  }

  #value(entry: unknown, where: string): Value | undefined {
    const value = isFields(entry) ? text(entry['value']) : undefined;
    if (!isFields(entry) || value === undefined) return undefined;
    if (entry['status'] === 'down') {
      this.#draft.lose(where, `${value} has the status down; left out ("meridian override down" forces a member)`);
      return undefined;
    }
    if (entry['status'] === 'up') this.#draft.lose(where, `${value} has the status up; here it is checked as the others are`);
    return { value, weight: number(entry['weight']) ?? 1 };
  }

  /** Values of the other family by pool. Its own rules do not count: one policy answers both. */
  #second(plan: Plan, record: OctodnsRecord, where: string): ReadonlyMap<string, readonly Value[]> | undefined {
    if (!isDynamic(record)) {
      this.#draft.lose(where, `${record.type} of this name is not dynamic; here each pool answers it with those addresses`);
      return new Map([...plan.pools.keys()].map((pool) => [pool, plain(record)]));
    }
    const other = this.#plan(record, `${record.name} ${record.type}`);
    if (other === undefined) return undefined;
    const form = ({ pools, rules }: Plan): string =>
      JSON.stringify([[...pools].map(([name, { fallback }]) => [name, fallback]), rules]);
    if (form(other) !== form(plan))
      this.#draft.lose(where, `${record.type} of this name has other pools or rules; those of ${where.split(' ')[1]} count`);
    return new Map([...other.pools].map(([name, { values }]) => [name, values]));
  }

  #pool(
    record: OctodnsRecord,
    pool: string,
    first: readonly Value[],
    second: readonly Value[],
    probe: string | undefined,
  ): string {
    const site = this.#draft.addSite(pool);
    const count = Math.max(first.length, second.length);
    const members = Array.from({ length: count }, (_, i): DraftMember => {
      const weight = (first[i] ?? second[i])!.weight;
      const addresses = [first[i], second[i]].flatMap((value) => (value === undefined ? [] : answerOf(value.value)));
      return {
        site,
        name: plainName(`${pool.slice(0, 58)}-${i + 1}`),
        ...Object.assign({}, ...addresses),
        ...(weight === 1 ? {} : { weight }),
      };
    });
    return this.#draft.addPool([record.name.replace(/\.$/, '').replaceAll('*', 'any'), pool], {
      ...(probe === undefined ? {} : { probe }),
      members,
    });
  }

  #rule(plan: Plan, names: ReadonlyMap<string, string>, where: string): DraftRule | undefined {
    const chain = (pool: string): DraftRule => {
      const found: string[] = [];
      for (
        let next: string | undefined = pool;
        next !== undefined && names.has(next) && !found.includes(next);
        next = plan.pools.get(next)?.fallback
      )
        found.push(next);
      const rules = found.map((each): DraftRule => ({ pool: names.get(each)! }));
      return rules.length === 1 ? rules[0]! : { failover: rules };
    };
    const maps: Record<'network' | 'subdivision' | 'country' | 'continent', Record<string, DraftRule>> = {
      network: {},
      subdivision: {},
      country: {},
      continent: {},
    };
    let otherwise: DraftRule | undefined;
    for (const { places, networks, pool } of plan.rules) {
      if (places.length === 0 && networks.length === 0) otherwise ??= chain(pool);
      for (const network of networks) maps.network[network] ??= chain(pool);
      for (const place of places) {
        const [continent = '', country, subdivision] = place.split('-');
        if (!CONTINENTS.includes(continent)) this.#draft.lose(where, `${place} is no place; left out`);
        else if (subdivision !== undefined) maps.subdivision[`${country}-${subdivision}`] ??= chain(pool);
        else if (country !== undefined) maps.country[country] ??= chain(pool);
        else maps.continent[continent] ??= chain(pool);
      }
    }
    if (otherwise === undefined) {
      otherwise = chain(plan.rules.at(-1)!.pool);
      this.#draft.lose(where, 'no rule matches everybody; the last one answers all others');
    }
    const used = Object.entries(maps).filter(([, map]) => Object.keys(map).length > 0);
    return used.length === 0 ? otherwise : { map: { ...Object.fromEntries(used), default: otherwise } };
  }

  #probe({ name, healthCheck = {} }: OctodnsRecord, where: string): string | undefined {
    const protocol = (text(healthCheck['protocol']) ?? 'HTTPS').toUpperCase();
    const port = number(healthCheck['port']) ?? DEFAULT_PORTS[protocol] ?? 443;
    const host = text(healthCheck['host']) ?? name.replace(/\.$/, '').replaceAll('*', 'any');
    const probes: Readonly<Record<string, DraftProbe>> = {
      // The providers that octoDNS fills do not judge certificates.
      HTTPS: { http: { scheme: 'https', verify: false, path: pathOf(healthCheck), host, status: [200] } },
      HTTP: { http: { path: pathOf(healthCheck), host, status: [200] } },
      TCP: { tcp: {} },
      ICMP: { icmp: {} },
    };
    const probe = probes[protocol];
    if (probe === undefined) {
      this.#draft.lose(where, `health check by ${protocol} has no counterpart; its members count as up`);
      return undefined;
    }
    return this.#draft.shareProbe({ ...probe, ...(protocol === 'ICMP' ? {} : { port }) });
  }
}

export const isDynamic = ({ dynamic, geo }: OctodnsRecord): boolean => dynamic !== undefined || geo !== undefined;

/** The values of the record itself, which answer when nothing else is up and where nothing is dynamic. */
const plain = ({ values }: OctodnsRecord): readonly Value[] => textsOf(values).map((value) => ({ value, weight: 1 }));

const pathOf = (healthCheck: Fields): string => {
  const path = text(healthCheck['path']) ?? '/_dns';
  return path.startsWith('/') ? path : `/${path}`;
};

/** Every place is a pool that falls back to the record's own values. */
function geoPlan(record: OctodnsRecord): Plan {
  const places = Object.entries(record.geo ?? {}).map(([place, values]) => [place, textsOf(values)] as const);
  const standard = 'default';
  const pools = new Map<string, { values: readonly Value[]; fallback: string | undefined }>([
    ...places.map(
      ([place, values]) => [place, { values: values.map((value) => ({ value, weight: 1 })), fallback: standard }] as const,
    ),
    [standard, { values: plain(record), fallback: undefined }],
  ]);
  const rules = [
    ...places.map(([place]) => ({ places: [place], networks: [], pool: place })),
    { places: [], networks: [], pool: standard },
  ];
  return { pools, rules };
}
