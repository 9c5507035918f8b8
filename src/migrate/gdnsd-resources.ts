// gdnsd's resources by the names that zones use (`plugin!resource`, `plugin!resource/datacentre`), with the plugins that choose between
// data centres: metafo in a fixed order, geoip by map. Semantics: gdnsd-plugin-{metafo,geoip}(8).

import { type Draft, familyOf, plainName } from './draft.ts';
import type { DraftRule } from './draft-rule.ts';
import { GdnsdMap, type Preference } from './gdnsd-map.ts';
import type { Branch, GdnsdPools, Setting } from './gdnsd-pools.ts';
import { at, inheritedText, listOf, placeOf, type Scope, textAt } from './gdnsd-tree.ts';
import type { Vscf, VscfHash } from './vscf.ts';

const META = ['metafo', 'geoip'];
/** Most members of one answer. */
const MAX_ANSWERS = 8;
const UNPLACED = 'unplaced';

export class GdnsdResources {
  readonly #draft: Draft;
  readonly #pools: GdnsdPools;
  readonly #plugins: Vscf | undefined;
  readonly #file: string;
  readonly #readNets: (path: string) => Vscf | undefined;
  /** Resources that are being read, the outermost first: gdnsd does not notice circles. */
  readonly #open: string[] = [];
  readonly #used = new Set<string>();
  /** What records name -> the policy for it. */
  readonly #policies = new Map<string, string>();
  /** What is made already of resources whose sites do not depend on where they are named. */
  readonly #made = new Map<string, Branch | undefined>();

  constructor(draft: Draft, pools: GdnsdPools, file: string, config: Vscf, readNets: (path: string) => Vscf | undefined) {
    this.#draft = draft;
    this.#pools = pools;
    this.#plugins = at(config, 'plugins');
    this.#file = file;
    this.#readNets = readNets;
  }

  /** The name of the policy for what a DYNA or DYNC record names; undefined, and reported, if there can be none. */
  policyFor(reference: string, where: string): string | undefined {
    const known = this.#policies.get(reference);
    if (known !== undefined) return known;
    const name = plainName(reference);
    const branch = this.#reference(reference, '', { names: [name], site: UNPLACED, scope: [], where });
    if (branch === undefined) return undefined;
    const isOnePool = branch.pool !== undefined;
    if (!isOnePool && branch.together > 1)
      this.#draft.lose(
        `${this.#file}: ${reference}`,
        `gdnsd answers with up to ${branch.together} addresses of a data centre; here one at a time, in turn, as more would come from several`,
      );
    if (isOnePool && branch.together > MAX_ANSWERS)
      this.#draft.lose(`${this.#file}: ${reference}`, `${branch.together} addresses; here ${MAX_ANSWERS} at a time, in turn`);
    const answers = isOnePool ? Math.min(MAX_ANSWERS, branch.together) : 1;
    const policy = this.#draft.addPolicy(name, { rule: branch.rule, ...(answers > 1 ? { answers } : {}) });
    this.#policies.set(reference, policy);
    return policy;
  }

  /** Reports the resources that no zone leads to. */
  reportUnused(): void {
    if (this.#plugins?.kind !== 'hash') return;
    for (const [plugin, hash] of this.#plugins.entries) {
      const resources = META.includes(plugin) ? at(hash, 'resources') : hash;
      if (resources?.kind !== 'hash') continue;
      for (const [name, value] of resources.entries)
        if ((value.kind !== 'string' || plugin === 'static') && !this.#used.has(`${plugin}!${name}`) && !isSetting(name))
          this.#draft.lose(placeOf(this.#file, value, `${plugin}!${name}`), 'no zone uses it; left out');
    }
  }

  #reference(reference: string, defaultPlugin: string, setting: Setting): Branch | undefined {
    const [head = '', rest = ''] = reference.split('!', 2);
    const plugin = head || defaultPlugin;
    const isMeta = META.includes(plugin);
    const [name = '', ...pinned] = isMeta ? rest.split('/') : [rest];
    const outer = at(this.#plugins, plugin);
    const resource = isMeta ? at(outer, 'resources', name) : at(outer, name);
    const key = `${plugin}!${name}`;
    if (resource === undefined) {
      this.#draft.lose(setting.where, `${reference || plugin} is not defined in ${this.#file}, or has no counterpart`);
      return undefined;
    }
    if (this.#open.includes(key)) {
      this.#draft.lose(setting.where, `${[...this.#open, key].join(' -> ')} is a circle; left out`);
      return undefined;
    }
    this.#used.add(key);
    const whole = `${key}/${pinned.join('/')}`;
    if (isMeta && this.#made.has(whole)) return this.#made.get(whole);
    this.#open.push(key);
    const inner = { ...setting, scope: [outer], where: placeOf(this.#file, resource, key) };
    const branch = isMeta
      ? this.#meta(plugin, resource, { ...inner, scope: [resource, outer] }, pinned.join('/'))
      : this.#pools.branch(plugin, resource, inner);
    this.#open.pop();
    if (isMeta) this.#made.set(whole, branch);
    return branch;
  }

  #meta(plugin: string, resource: Vscf, setting: Setting, pinned: string): Branch | undefined {
    const dcmap = at(resource, 'dcmap');
    if (dcmap?.kind !== 'hash') {
      this.#draft.lose(setting.where, 'dcmap is missing');
      return undefined;
    }
    if (pinned !== '') return this.#centre(dcmap, pinned, setting);
    const branches = new Map<string, Branch>();
    for (const name of dcmap.entries.keys()) {
      const branch = this.#centre(dcmap, name, setting);
      if (branch !== undefined) branches.set(name, branch);
    }
    const together = Math.max(0, ...[...branches.values()].map((branch) => branch.together));
    const rule =
      plugin === 'metafo'
        ? this.#inOrder(listOf(at(resource, 'datacenters')), branches, setting)
        : this.#byMap(resource, branches, setting);
    return rule === undefined ? undefined : { rule, together };
  }

  /** One entry of a dcmap: a reference, a hash of another plugin, addresses, or a name. */
  #centre(dcmap: VscfHash, name: string, outer: Setting): Branch | undefined {
    const value = dcmap.entries.get(name);
    const setting = { ...outer, names: [...outer.names, name], site: name };
    if (value === undefined) {
      this.#draft.lose(outer.where, `data centre ${name} is not in the dcmap; left out`);
      return undefined;
    }
    const scope: Scope = [value, ...outer.scope];
    const plugin = inheritedText(scope, 'plugin') ?? 'multifo';
    if (value.kind === 'hash') {
      if (META.includes(plugin)) {
        const inner = { ...setting, scope, where: placeOf(this.#file, value, `${outer.names.join('-')}/${name}`) };
        return this.#meta(plugin, value, inner, '');
      }
      return this.#pools.branch(plugin, value, setting);
    }
    if (value.kind === 'string' && /^%|^!/.test(value.value))
      return this.#reference(value.value.replace(/^%/, ''), plugin, setting);
    if (value.kind === 'string' && familyOf(value.value) === undefined)
      return this.#pools.targets([value.value], { ...setting, scope: [] }); // a name is not checked
    return this.#pools.multifo(value, setting);
  }

  #inOrder(names: readonly string[], branches: ReadonlyMap<string, Branch>, setting: Setting): DraftRule | undefined {
    const rules = names.flatMap((name) => branches.get(name)?.rule ?? []);
    if (rules.length === 0) {
      this.#draft.lose(setting.where, 'none of its data centres could be carried over');
      return undefined;
    }
    return rules.length === 1 ? rules[0] : { failover: rules };
  }

  #byMap(resource: Vscf, branches: ReadonlyMap<string, Branch>, setting: Setting): DraftRule | undefined {
    const name = textAt(resource, 'map') ?? '';
    const found = at(this.#plugins, 'geoip', 'maps', name);
    if (found === undefined) {
      this.#draft.lose(setting.where, `the map ${name || '(none)'} is not defined`);
      return undefined;
    }
    const map = new GdnsdMap(this.#draft, this.#file, name, found, this.#readNets);
    for (const [site, place] of map.places) if (branches.has(site)) this.#draft.addSite(site, place);
    const nearest = map.places.size > 0 ? this.#nearest(map, branches, setting) : undefined;
    const ruleOf = (preference: Preference): DraftRule | undefined =>
      preference === 'auto'
        ? (nearest ?? this.#inOrder(map.centres, branches, setting))
        : preference.some((centre) => branches.has(centre))
          ? this.#inOrder(preference, branches, setting)
          : undefined;
    return map.toRule(ruleOf, setting.where);
  }

  /** Data centres by distance are the sites of one pool; that needs a pool for each, all of addresses or all of names. */
  #nearest(map: GdnsdMap, branches: ReadonlyMap<string, Branch>, setting: Setting): DraftRule | undefined {
    const placed = [...map.places.keys()].flatMap((site) => branches.get(site) ?? []);
    const pools = placed.flatMap(({ pool }) => (pool === undefined ? [] : [this.#draft.pools.get(pool)!]));
    const kinds = new Set(pools.flatMap(({ members }) => members.map(({ alias }) => alias === undefined)));
    const probes = new Set(pools.map(({ probe }) => probe));
    if (pools.length === 0 || pools.length < placed.length || kinds.size > 1 || probes.size > 1) {
      this.#draft.lose(
        setting.where,
        'by distance only sites of one pool are ordered; these differ in kind, so their order is fixed',
      );
      return undefined;
    }
    const members = pools.flatMap((pool) =>
      pool.members.map((member) => ({ ...member, name: plainName(`${member.site}-${member.name}`) })),
    );
    const [probe] = probes;
    const pool = this.#draft.addPool([...setting.names, 'all'], { ...(probe === undefined ? {} : { probe }), members });
    this.#draft.lose(
      setting.where,
      'auto_dc_limit is not known here: every site that has coordinates follows in order of distance',
    );
    if (pools.some((each) => each.up !== undefined))
      this.#draft.lose(
        setting.where,
        'by distance a site is used as long as one of its members is up; up_thresh does not count there',
      );
    return { nearest: { pool, tieBand: '0km' } };
  }
}

const isSetting = (name: string): boolean => ['service_types', 'up_thresh', 'multi', 'ignore_health', 'plugin'].includes(name);
