// What gdnsd's plugins multifo, weighted, simplefo and static say of one place, as pools and a rule over them.
// Semantics: gdnsd-plugin-{multifo,weighted,simplefo,static}(8). Below `up_thresh` gdnsd answers with everything and tells the plugin
// above that the resource is down; here `up` of the pool tells it, and answers keep to what is up as long as anything is.

import { answerOf, type Draft, type DraftMember, type DraftPool, familyOf, plainName } from './draft.ts';
import type { DraftRule } from './draft-rule.ts';
import type { GdnsdProbes } from './gdnsd-probes.ts';
import { at, entriesBut, inheritedText, isTrue, type Scope } from './gdnsd-tree.ts';
import type { Vscf, VscfHash } from './vscf.ts';

const SETTINGS = ['service_types', 'up_thresh', 'multi', 'ignore_health', 'plugin', 'addrs_v4', 'addrs_v6'];
const DEFAULT_UP_THRESH = 0.5;
/** Most weight of a member. gdnsd allows 2^20 - 1. */
const MAX_WEIGHT = 65_535;

/** Something that answers: a rule, and what the rules above need to know of it. */
export interface Branch {
  readonly rule: DraftRule;
  /** The only pool of the rule, if there is only one. */
  readonly pool?: string;
  /** Addresses of a family that gdnsd puts into one answer. */
  readonly together: number;
}

/** Where a resource stands: name parts for its pools, its site, its settings, its place for the report. */
export interface Setting {
  readonly names: readonly string[];
  readonly site: string;
  readonly scope: Scope;
  readonly where: string;
}

interface Item {
  readonly label: string;
  readonly target: string;
  readonly weight: number | undefined;
}

export class GdnsdPools {
  readonly #draft: Draft;
  readonly #probes: GdnsdProbes;

  constructor(draft: Draft, probes: GdnsdProbes) {
    this.#draft = draft;
    this.#probes = probes;
  }

  /** A resource of `plugin`; undefined, and reported, if it cannot be carried over. */
  branch(plugin: string, resource: Vscf, setting: Setting): Branch | undefined {
    switch (plugin) {
      case 'multifo':
        return this.multifo(resource, setting);
      case 'simplefo':
        return this.#simplefo(resource, setting);
      case 'weighted':
        return this.#weighted(resource, setting);
      case 'static':
        return resource.kind === 'string' ? this.targets([resource.value], setting) : undefined;
      default:
        this.#draft.lose(setting.where, `plugin ${plugin} has no counterpart`);
        return undefined;
    }
  }

  /** Addresses, or one name, without anything that says more. */
  targets(targets: readonly string[], setting: Setting): Branch | undefined {
    const items = targets.map((target, i) => ({ label: String(i + 1), target, weight: undefined }));
    return this.#pool(items, setting, 'members', [setting.scope]);
  }

  multifo(resource: Vscf, setting: Setting): Branch | undefined {
    if (isTrue(inheritedText([resource, ...setting.scope], 'ignore_health')))
      this.#draft.lose(setting.where, 'ignore_health is not known here; members that are down are left out');
    const [items, scopes] = this.#items(resource, setting);
    return this.#pool(items, setting, 'members', scopes);
  }

  #simplefo(resource: Vscf, setting: Setting): Branch | undefined {
    const [items, scopes] = this.#items(resource, setting);
    const rank = (wanted: string): DraftRule | undefined =>
      this.#pool(
        items.filter(({ label }) => label.replace(/[._-]?v6$/, '') === wanted),
        { ...setting, names: [...setting.names, wanted] },
        'members',
        scopes,
      )?.rule;
    const rules = [rank('primary'), rank('secondary')].filter((rule) => rule !== undefined);
    if (rules.length === 0) this.#draft.lose(setting.where, 'neither primary nor secondary has an address');
    return rules.length === 0 ? undefined : { rule: rules.length === 1 ? rules[0]! : { failover: rules }, together: 1 };
  }

  #weighted(resource: Vscf, setting: Setting): Branch | undefined {
    const isMulti = isTrue(inheritedText([resource, ...setting.scope], 'multi'));
    const families = ['addrs_v4', 'addrs_v6'].map((key) => at(resource, key)).filter((hash) => hash !== undefined);
    const groups = (families.length > 0 ? families : [resource]).flatMap((hash) =>
      hash.kind === 'hash' ? entriesBut(hash, SETTINGS).filter(([, value]) => value.kind === 'hash') : [],
    );
    if (groups.length === 0) {
      const [items, scopes] = this.#items(resource, setting);
      if (isMulti)
        this.#draft.lose(setting.where, 'multi: gdnsd draws every address by itself; here one is answered at a time, by weight');
      return this.#pool(items, setting, 'weight', scopes);
    }
    return this.#groups(groups, resource, setting, isMulti);
  }

  /** All addresses of all groups by weight, which keeps the share of each group: it is the sum of its weights. */
  #groups(groups: readonly (readonly [string, Vscf])[], resource: Vscf, setting: Setting, isMulti: boolean): Branch | undefined {
    const scope = [resource, ...setting.scope];
    const items = groups.flatMap(([group, hash]) =>
      this.#direct(hash as VscfHash).map((item) => ({ ...item, label: `${group}-${item.label}` })),
    );
    this.#draft.lose(
      setting.where,
      isMulti
        ? 'groups with multi: gdnsd draws every group by itself; here one address is answered at a time, by weight'
        : 'groups: gdnsd answers with several addresses of the group that it draws; here one is answered at a time, by weight',
    );
    return this.#pool(items, setting, 'weight', [scope]);
  }

  /** Members of both families, and the settings of each family. */
  #items(resource: Vscf, setting: Setting): readonly [readonly Item[], readonly Scope[]] {
    const scope: Scope = [resource, ...setting.scope];
    const families = ['addrs_v4', 'addrs_v6'].map((key) => at(resource, key)).filter((hash) => hash !== undefined);
    if (families.length === 0) return [this.#direct(resource), [scope]];
    return [families.flatMap((hash) => this.#direct(hash)), families.map((hash) => [hash, ...scope])];
  }

  #direct(node: Vscf): readonly Item[] {
    if (node.kind === 'string') return [{ label: '1', target: node.value, weight: undefined }];
    if (node.kind === 'array')
      return node.items.flatMap((item, i) =>
        item.kind === 'string' ? [{ label: String(i + 1), target: item.value, weight: undefined }] : [],
      );
    return entriesBut(node, SETTINGS).flatMap(([label, value]): Item[] => {
      if (value.kind === 'string') return [{ label, target: value.value, weight: undefined }];
      const [target, weight] = value.kind === 'array' ? value.items : [];
      return target?.kind === 'string' && weight?.kind === 'string'
        ? [{ label, target: target.value, weight: Number(weight.value) }]
        : [];
    });
  }

  #pool(items: readonly Item[], setting: Setting, of: 'members' | 'weight', scopes: readonly Scope[]): Branch | undefined {
    if (items.length === 0) {
      this.#draft.lose(setting.where, 'no address or name in it; left out');
      return undefined;
    }
    const scope = scopes[0]!;
    const thresholds = new Set(scopes.map((each) => inheritedText(each, 'up_thresh') ?? String(DEFAULT_UP_THRESH)));
    if (thresholds.size > 1) this.#draft.lose(setting.where, 'up_thresh differs between families; that of IPv4 is taken');
    const percent = Math.ceil(Number((Number([...thresholds][0]) * 100).toFixed(6)));
    const probe = this.#probes.probeOf(scope, setting.where);
    const site = this.#draft.addSite(setting.site);
    const members = this.#members(items, site, setting.where);
    const pool: DraftPool = {
      ...(probe === undefined ? {} : { probe }),
      ...(probe !== undefined && members.length > 1 ? { up: { low: percent, high: percent, of } } : {}),
      members,
    };
    const name = this.#draft.addPool(setting.names, pool);
    const counts = ([4, 6] as const).map((family) => items.filter(({ target }) => familyOf(target) === family).length);
    return { rule: { pool: name }, pool: name, together: of === 'weight' ? 1 : Math.max(1, ...counts) };
  }

  /** The two addresses of one label become one member; so do the first of both families, the second, and so on of unnamed ones. */
  #members(items: readonly Item[], site: string, where: string): readonly DraftMember[] {
    const heaviest = Math.max(...items.map(({ weight }) => weight ?? 0));
    const scale = heaviest > MAX_WEIGHT ? MAX_WEIGHT / heaviest : 1;
    if (scale < 1) this.#draft.lose(where, `weights above ${MAX_WEIGHT} are scaled down, all of them alike`);
    const members = new Map<string, DraftMember>();
    for (const { label, target, weight } of items) {
      const family = familyOf(target);
      const share = weight === undefined ? {} : { weight: Math.max(1, Math.round(weight * scale)) };
      const base = plainName(label.replace(/[._-]?v[46]$/, '') || label);
      const known = members.get(base);
      const fits = known !== undefined && known.weight === share.weight && family !== undefined && !(`v${family}` in known);
      const name = known === undefined || fits ? base : plainName(label) === base ? `${base}-v${family ?? 0}` : plainName(label);
      members.set(name, { ...(fits ? known : {}), site, name, ...answerOf(target), ...share });
    }
    return [...members.values()];
  }
}
