// A map of gdnsd's plugin geoip: which data centres, in which order, for which place or network (gdnsd-plugin-geoip(8)). Nested continents,
// countries and subdivisions become the flat keys of a `map` rule, whose most specific key decides just so. Cities have no counterpart.

import type { Draft, DraftSite } from './draft.ts';
import type { DraftMap, DraftRule } from './draft-rule.ts';
import { at, isTrue, listOf, placeOf, textAt } from './gdnsd-tree.ts';
import type { Vscf, VscfHash } from './vscf.ts';

/** Data centres in order, or by distance. */
export type Preference = readonly string[] | 'auto';
export type RuleOf = (preference: Preference) => DraftRule | undefined;

const CONTINENTS = ['AF', 'AN', 'AS', 'EU', 'NA', 'OC', 'SA'];
const SETTINGS = ['default', 'skip_level'];

export class GdnsdMap {
  /** All data centres in the order of the map. */
  readonly centres: readonly string[];
  /** Of those that have coordinates. */
  readonly places: ReadonlyMap<string, DraftSite>;
  readonly #draft: Draft;
  readonly #file: string;
  readonly #name: string;
  readonly #map: Vscf;
  readonly #nets: Vscf | undefined;

  constructor(draft: Draft, file: string, name: string, map: Vscf, readNets: (path: string) => Vscf | undefined) {
    this.#draft = draft;
    this.#file = file;
    this.#name = name;
    this.#map = map;
    this.centres = listOf(at(map, 'datacenters'));
    const coordinates = at(map, 'auto_dc_coords');
    const places = new Map<string, DraftSite>();
    for (const [site, value] of coordinates?.kind === 'hash' ? coordinates.entries : []) {
      const [latitude, longitude] = listOf(value).map(Number);
      if (Number.isFinite(latitude) && Number.isFinite(longitude))
        places.set(site, { latitude: latitude!, longitude: longitude! });
    }
    this.places = places;
    const database = textAt(map, 'geoip2_db') ?? textAt(map, 'geoip_db');
    if (database !== undefined)
      this.#lose(
        map,
        `database ${database}: set geo.database to a current MMDB; the bundled one knows countries only, no subdivisions`,
      );
    const nets = at(map, 'nets');
    this.#nets = nets?.kind === 'string' ? readNets(nets.value) : nets;
    if (nets?.kind === 'string' && this.#nets === undefined) this.#lose(nets, `nets file ${nets.value} cannot be read; left out`);
  }

  toRule(ruleOf: RuleOf, where: string): DraftRule | undefined {
    const tree = at(this.#map, 'map');
    const standard: Preference = this.places.size > 0 ? 'auto' : this.centres;
    const otherwise = this.#rule(at(tree, 'default'), ruleOf) ?? ruleOf(standard);
    if (otherwise === undefined) {
      this.#draft.lose(where, 'none of its data centres could be carried over');
      return undefined;
    }
    const continent: Record<string, DraftRule> = {};
    const country: Record<string, DraftRule> = {};
    const subdivision: Record<string, DraftRule> = {};
    if (tree?.kind === 'hash') {
      for (const [code, value] of this.#level(tree)) {
        if (isTrue(textAt(tree, 'skip_level'))) this.#country(code, value, ruleOf, country, subdivision);
        else if (!CONTINENTS.includes(code)) this.#lose(value, `${code} is not a continent; left out`);
        else {
          this.#put(continent, code, value, ruleOf);
          if (value.kind === 'hash')
            for (const [inner, each] of this.#level(value)) this.#country(inner, each, ruleOf, country, subdivision);
        }
      }
    }
    const network: Record<string, DraftRule> = {};
    if (this.#nets?.kind === 'hash') for (const [cidr, value] of this.#nets.entries) this.#put(network, cidr, value, ruleOf);
    const maps = Object.entries({ network, subdivision, country, continent }).filter(([, map]) => Object.keys(map).length > 0);
    return maps.length === 0 ? otherwise : { map: { ...Object.fromEntries(maps), default: otherwise } as DraftMap };
  }

  #country(
    code: string,
    value: Vscf,
    ruleOf: RuleOf,
    country: Record<string, DraftRule>,
    subdivision: Record<string, DraftRule>,
  ): void {
    if (!/^[A-Z]{2}$/.test(code)) {
      this.#lose(value, `${code} is not a country; left out`);
      return;
    }
    this.#put(country, code, value, ruleOf);
    if (value.kind !== 'hash') return;
    const isCities = isTrue(textAt(value, 'skip_level')) || isTrue(textAt(this.#map, 'city_no_region'));
    for (const [inner, each] of this.#level(value)) {
      if (isCities || !/^[A-Z0-9]{1,3}$/.test(inner)) {
        this.#lose(
          each,
          `${code} ${inner}: cities, and regions by name, are not told apart; what holds for ${code} holds for it`,
        );
        continue;
      }
      this.#put(subdivision, `${code}-${inner}`, each, ruleOf);
      if (each.kind === 'hash')
        for (const [city, entry] of this.#level(each))
          this.#lose(entry, `${code} ${inner} ${city}: cities are not told apart; what holds for ${code}-${inner} holds for it`);
    }
  }

  /** A hash without a default inherits that of the level above, which the flat map does by itself. */
  #put(into: Record<string, DraftRule>, key: string, value: Vscf, ruleOf: RuleOf): void {
    const rule = this.#rule(value.kind === 'hash' ? value.entries.get('default') : value, ruleOf);
    if (rule !== undefined) into[key] = rule;
  }

  #rule(value: Vscf | undefined, ruleOf: RuleOf): DraftRule | undefined {
    if (value === undefined || value.kind === 'hash') return undefined;
    if (value.kind === 'string' && value.value === 'auto') return ruleOf('auto');
    const names = listOf(value);
    if (names.length === 0) {
      this.#lose(value, 'an empty list, which answers without data, has no counterpart; the rule of the level above holds');
      return undefined;
    }
    const rule = ruleOf(names);
    if (rule === undefined)
      this.#lose(value, `none of ${names.join(', ')} could be carried over; the rule of the level above holds`);
    return rule;
  }

  #level(hash: VscfHash): readonly (readonly [string, Vscf])[] {
    return [...hash.entries].filter(([key]) => !SETTINGS.includes(key));
  }

  #lose(value: Vscf, what: string): void {
    this.#draft.lose(placeOf(this.#file, value, `map ${this.#name}`), what);
  }
}
