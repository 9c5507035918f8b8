// The record sets of one name in Route 53 to a rule: weighted, latency, geolocation, geoproximity, failover, multivalue, and aliases that lead
// to other names of the zone, whose rules then nest. A and AAAA sets of one identifier become members with both addresses.

import { placeOfRegion } from './aws-regions.ts';
import { type Draft, type DraftMember, plainName } from './draft.ts';
import type { DraftRule } from './draft-rule.ts';
import { number, text } from './fields.ts';
import type { Checked, Route53Health } from './route53-health.ts';
import type { RecordSet } from './route53-input.ts';

/** Sets of one identifier: of A, AAAA, or CNAME. */
type Choice = readonly RecordSet[];

export interface NameRule {
  readonly rule: DraftRule;
  /** Members in one answer. */
  readonly answers: number;
}

const UNPLACED = 'unplaced';
const MAX_ANSWERS = 8;
const ADDRESS_TYPES = ['A', 'AAAA', 'CNAME'];

export class Route53Rules {
  readonly #draft: Draft;
  readonly #health: Route53Health;
  /** Name -> its sets of A, AAAA and CNAME. */
  readonly #sets = new Map<string, RecordSet[]>();
  readonly #open: string[] = [];
  /** Rules that are made already: aliases share the pools of what they lead to. */
  readonly #made = new Map<string, NameRule | undefined>();

  constructor(draft: Draft, health: Route53Health, sets: readonly RecordSet[]) {
    this.#draft = draft;
    this.#health = health;
    for (const set of sets.filter(({ type }) => ADDRESS_TYPES.includes(type)))
      this.#sets.set(set.name, [...(this.#sets.get(set.name) ?? []), set]);
  }

  /** Undefined, and reported, if nothing of it can be carried over. */
  ruleOf(name: string): NameRule | undefined {
    const sets = this.#sets.get(name) ?? [];
    if (this.#open.includes(name)) {
      this.#draft.lose(name, `${[...this.#open, name].join(' -> ')} is a circle of aliases; left out`);
      return undefined;
    }
    if (this.#made.has(name)) return this.#made.get(name);
    this.#open.push(name);
    const found = this.#rule(name, sets);
    this.#open.pop();
    this.#made.set(name, found);
    return found;
  }

  #rule(name: string, sets: readonly RecordSet[]): NameRule | undefined {
    const kinds = new Set(sets.map(kindOf));
    const kind = kindOf(sets[0]!);
    if (kinds.size > 1)
      this.#draft.lose(name, `its sets are routed in different ways (${[...kinds].join(', ')}); those by ${kind} are taken`);
    const choices = byIdentifier(sets.filter((set) => kindOf(set) === kind)).map((choice) => this.#ofOneSort(choice, name));
    for (const choice of choices) this.#compareFamilies(choice, name);
    switch (kind) {
      case 'simple':
        return this.#simple(choices, name);
      case 'multivalue': {
        const pool = this.#pool(choices, name, [name], () => UNPLACED);
        return pool === undefined ? undefined : { rule: { pool }, answers: MAX_ANSWERS };
      }
      case 'weighted':
        return one(this.#weighted(choices, name));
      case 'failover':
        return one(this.#failover(choices, name));
      case 'latency':
        return one(this.#nearest(choices, name));
      case 'geoproximity':
        return one(this.#nearest(choices, name));
      case 'geolocation':
        return one(this.#geolocation(choices, name));
      default:
        this.#draft.lose(name, 'CIDR collections are not in the export; write a "network" map by hand. The first set is taken');
        return one(this.#leaf(choices[0]!, name));
    }
  }

  /** Sets of one identifier and different types are one choice here, made by what the first says. */
  #compareFamilies([first, ...others]: Choice, name: string): void {
    const routing = ({ weight, region, failover, geolocation, geoproximity, healthCheck }: RecordSet): string =>
      JSON.stringify([weight, region, failover, geolocation, geoproximity, healthCheck]);
    for (const other of others)
      if (routing(other) !== routing(first!))
        this.#draft.lose(
          `${name} ${first!.id ?? ''}`.trim(),
          `${other.type} is routed or checked in another way than ${first!.type}; here both as ${first!.type}`,
        );
  }

  #simple(choices: readonly Choice[], name: string): NameRule | undefined {
    const [choice] = choices;
    const target = choice![0]!.alias?.name;
    if (target !== undefined && this.#sets.has(target)) return this.ruleOf(target);
    const rule = this.#leaf(choice!, name);
    const most = Math.max(...choice!.map(({ values }) => values.length));
    return rule === undefined ? undefined : { rule, answers: Math.max(1, Math.min(MAX_ANSWERS, most)) };
  }

  /** A member is addresses or another name, not both; one other name serves both families. */
  #ofOneSort(choice: Choice, name: string): Choice {
    const away = choice.filter(isAway);
    const where = `${name} ${choice[0]!.id ?? ''}`.trim();
    if (away.length === 0) return choice;
    if (away.length < choice.length) {
      this.#draft.lose(where, 'one family has addresses and the other an alias; the alias is left out');
      return choice.filter((set) => !isAway(set));
    }
    const targets = new Set(away.map((set) => set.alias?.name ?? set.values[0]));
    if (targets.size > 1) this.#draft.lose(where, `its families lead to different names; both lead to ${[...targets][0]} now`);
    const types = new Set(away.map(({ type }) => type));
    const all = this.#sets.get(away[0]!.alias?.name ?? '') ?? [];
    if (!types.has('CNAME') && (types.size === 1 ? all.length === 0 || all.some(({ type }) => !types.has(type)) : false))
      this.#draft.lose(where, `an alias for ${[...types][0]} alone; here what it leads to is answered for both families`);
    return away;
  }

  /** What one identifier stands for: addresses, a name elsewhere, or the rule of another name of the zone. */
  #leaf(choice: Choice, name: string): DraftRule | undefined {
    const [first] = choice;
    const target = first!.alias?.name;
    if (target !== undefined && this.#sets.has(target)) {
      if (first!.alias!.evaluatesHealth === false)
        this.#draft.lose(
          `${name} ${first!.id ?? ''}`.trim(),
          'EvaluateTargetHealth is false; here health of what it leads to always counts',
        );
      if (first!.healthCheck !== undefined)
        this.#draft.lose(
          `${name} ${first!.id ?? ''}`.trim(),
          'its own health check does not count; that of what it leads to does',
        );
      return this.ruleOf(target)?.rule;
    }
    if (choice.some(({ values }) => values.length > 1) && first!.id !== undefined)
      this.#draft.lose(`${name} ${first!.id}`, 'several addresses in one set; here one is answered at a time, in turn');
    const pool = this.#pool([choice], name, [name, first!.id ?? ''], () => first!.region ?? UNPLACED);
    return pool === undefined ? undefined : { pool };
  }

  #weighted(choices: readonly Choice[], name: string): DraftRule | undefined {
    const areAllZero = choices.every(([first]) => first!.weight === 0); // then all are alike
    const children = choices.flatMap((choice) => {
      const rule = this.#leaf(choice, name);
      return rule === undefined ? [] : [{ weight: areAllZero ? 1 : choice[0]!.weight!, rule }];
    });
    return children.length === 0 ? undefined : { weighted: children };
  }

  #failover(choices: readonly Choice[], name: string): DraftRule | undefined {
    const order = (choice: Choice): number => (choice[0]!.failover === 'PRIMARY' ? 0 : 1);
    const rules = choices.toSorted((a, b) => order(a) - order(b)).flatMap((choice) => this.#leaf(choice, name) ?? []);
    return rules.length < 2 ? rules[0] : { failover: rules };
  }

  /** By latency or proximity: the sites of one pool in order of distance, which takes addresses, or names elsewhere, of one kind. */
  #nearest(choices: readonly Choice[], name: string): DraftRule | undefined {
    const isPlain = choices.every(([first]) => first!.alias === undefined || !this.#sets.has(first!.alias.name));
    const kinds = new Set(choices.map(([first]) => first!.alias !== undefined || first!.type === 'CNAME'));
    if (!isPlain || kinds.size > 1) {
      this.#draft.lose(
        name,
        'by latency or proximity only sites of one pool are ordered; these differ in kind, so their order is fixed',
      );
      const rules = choices.flatMap((choice) => this.#leaf(choice, name) ?? []);
      return rules.length < 2 ? rules[0] : { failover: rules };
    }
    const bias: Record<string, number> = {};
    const siteOf = (set: RecordSet): string => {
      const coordinates = set.geoproximity?.['Coordinates'] as Readonly<Record<string, unknown>> | undefined;
      const region = set.region ?? text(set.geoproximity?.['AWSRegion']);
      const place =
        coordinates === undefined
          ? placeOfRegion(region ?? '')
          : { latitude: Number(coordinates['Latitude']), longitude: Number(coordinates['Longitude']) };
      if (place === undefined)
        this.#draft.lose(name, `where ${region ?? 'a local zone'} is, is not known; set the coordinates of the site`);
      const site = this.#draft.addSite(region ?? set.id ?? UNPLACED, place);
      const percent = number(set.geoproximity?.['Bias']);
      if (percent !== undefined && percent !== 0) bias[site] = percent;
      return site;
    };
    if (choices[0]![0]!.region !== undefined) this.#draft.lose(name, 'latency is distance here: the nearest region answers');
    const pool = this.#pool(choices, name, [name], siteOf);
    if (pool === undefined) return undefined;
    return { nearest: { pool, tieBand: '0km', ...(Object.keys(bias).length > 0 ? { bias } : {}) } };
  }

  /** A place without a healthy set falls back to the larger one around it, and to the default. */
  #geolocation(choices: readonly Choice[], name: string): DraftRule | undefined {
    const rules = new Map<string, DraftRule>();
    for (const choice of choices) {
      const rule = this.#leaf(choice, name);
      if (rule !== undefined) rules.set(placeKey(choice[0]!), rule);
    }
    const standard = rules.get('*');
    if (standard === undefined)
      this.#draft.lose(name, 'no default: Route 53 answers other places without data, here the first set answers them');
    const otherwise = standard ?? [...rules.values()][0];
    if (otherwise === undefined) return undefined;
    const inside = (prefix: string): Record<string, DraftRule> => {
      const found: Record<string, DraftRule> = {};
      for (const [key, rule] of rules) {
        if (!key.startsWith(prefix)) continue;
        const code = key.slice(prefix.length);
        const around = prefix === 'subdivision:' ? [rules.get(`country:${code.slice(0, 2)}`)] : [];
        const chain = [rule, ...around, standard].filter((each) => each !== undefined);
        found[code] = chain.length === 1 ? rule : { failover: chain };
      }
      return found;
    };
    const maps = { subdivision: inside('subdivision:'), country: inside('country:'), continent: inside('continent:') };
    if (Object.keys(maps.country).length > 0 && Object.keys(maps.continent).length > 0)
      this.#draft.lose(name, 'a country whose set is down falls back to the default, not to its continent first');
    const used = Object.entries(maps).filter(([, map]) => Object.keys(map).length > 0);
    return used.length === 0 ? otherwise : { map: { ...Object.fromEntries(used), default: otherwise } };
  }

  #pool(
    choices: readonly Choice[],
    name: string,
    names: readonly string[],
    siteOf: (set: RecordSet) => string,
  ): string | undefined {
    const checks = choices.map(([first]) => this.#health.of(first!.healthCheck, `${name} ${first!.id ?? ''}`.trim()));
    const probes = new Set(checks.flatMap((checked) => checked?.probe ?? []));
    const [probe] = probes;
    if (probes.size > 1 || (probe !== undefined && checks.some((checked) => checked === undefined)))
      this.#draft.lose(name, `its sets are checked in different ways; here all of them by ${probe}`);
    const members = choices.flatMap((choice, i) => this.#members(choice, this.#draft.addSite(siteOf(choice[0]!)), checks[i], i));
    if (members.length === 0) return undefined;
    return this.#draft.addPool(names.map((part) => part.replace(/\.$/, '')).filter(Boolean), {
      ...(probe === undefined ? {} : { probe }),
      members,
    });
  }

  #members(choice: Choice, site: string, checked: Checked | undefined, nth: number): readonly DraftMember[] {
    const base = plainName(choice[0]!.id ?? `set-${nth + 1}`);
    const check = checked === undefined ? {} : { check: checked.check };
    const alias = choice.find((set) => set.alias !== undefined || set.type === 'CNAME');
    if (alias !== undefined) return [{ site, name: base, alias: alias.alias?.name ?? absolute(alias.values[0]!), ...check }];
    const of = (type: string): readonly string[] => choice.filter((set) => set.type === type).flatMap(({ values }) => values);
    const [v4, v6] = [of('A'), of('AAAA')];
    return Array.from({ length: Math.max(v4.length, v6.length) }, (_, i) => ({
      site,
      name: Math.max(v4.length, v6.length) === 1 ? base : plainName(`${base.slice(0, 58)}-${i + 1}`),
      ...(v4[i] === undefined ? {} : { v4: v4[i] }),
      ...(v6[i] === undefined ? {} : { v6: v6[i] }),
      ...check,
    }));
  }
}

const isAway = (set: RecordSet): boolean => set.alias !== undefined || set.type === 'CNAME';
const one = (rule: DraftRule | undefined): NameRule | undefined => (rule === undefined ? undefined : { rule, answers: 1 });
const absolute = (name: string): string => (name.endsWith('.') ? name : `${name}.`);

function byIdentifier(sets: readonly RecordSet[]): readonly Choice[] {
  const choices = new Map<string, RecordSet[]>();
  for (const set of sets) choices.set(set.id ?? '', [...(choices.get(set.id ?? '') ?? []), set]);
  return [...choices.values()];
}

/** How the set is routed. */
export function kindOf(set: RecordSet): string {
  if (set.isMultivalue) return 'multivalue';
  if (set.weight !== undefined) return 'weighted';
  if (set.region !== undefined) return 'latency';
  if (set.failover !== undefined) return 'failover';
  if (set.geolocation !== undefined) return 'geolocation';
  if (set.geoproximity !== undefined) return 'geoproximity';
  return set.isCidr ? 'cidr' : 'simple';
}

function placeKey({ geolocation }: RecordSet): string {
  const [continent, country, subdivision] = ['ContinentCode', 'CountryCode', 'SubdivisionCode'].map((key) =>
    text(geolocation?.[key]),
  );
  if (country !== undefined && subdivision !== undefined) return `subdivision:${country}-${subdivision}`;
  if (country === '*') return '*';
  return country === undefined ? `continent:${continent ?? ''}` : `country:${country}`;
}
