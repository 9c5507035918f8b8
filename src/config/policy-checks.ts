// What must hold for policies as a whole: no circles, no trees that grow beyond bounds by repetition, no two keys of a map
// that mean the same. Works on those policies whose shape is right, whatever is wrong with the others.

import { formatCidr, parseCidr } from '../base/address.ts';
import type { Problem } from '../base/errors.ts';
import { type PoliciesConfig, parseAsn, type RuleConfig, type SitesConfig } from './steering-schema.ts';
import type { Path, YamlSource } from './yaml.ts';

/** Nodes of one tree, each `policy: x` counted as what it stands for. */
const MAX_NODES = 10_000;
/** Policies that name each other in a row. */
const MAX_CHAIN = 32;

type Policies = ReadonlyMap<string, PoliciesConfig[string]>;

/** A rule directly inside another, and where it is written. */
interface Child {
  readonly rule: RuleConfig;
  readonly path: Path;
}

function childrenOf({ rule, path }: Child): Child[] {
  if (rule.failover) return rule.failover.map((child, i) => ({ rule: child, path: [...path, 'failover', i] }));
  if (rule.weighted) return rule.weighted.map((entry, i) => ({ rule: entry.rule, path: [...path, 'weighted', i, 'rule'] }));
  if (!rule.map) return [];
  const { default: otherwise, ...byKind } = rule.map;
  const children = Object.entries(byKind).flatMap(([kind, byKey]) =>
    Object.entries(byKey).map(([key, child]) => ({ rule: child, path: [...path, 'map', kind, key] })),
  );
  return [...children, { rule: otherwise, path: [...path, 'map', 'default'] }];
}

/** Every circle once, where it closes, and every policy that is too large. Policies not in the map are taken as harmless. */
export function checkTrees(source: YamlSource, policies: Policies): Problem[] {
  const problems: Problem[] = [];
  const sizes = new Map<string, number>();
  const open: string[] = [];
  const sizeOfPolicy = (id: string): number => {
    const policy = policies.get(id);
    if (policy === undefined) return 1;
    const known = sizes.get(id);
    if (known !== undefined) return known;
    open.push(id);
    let size = sizeOf({ rule: policy.rule, path: ['policies', id, 'rule'] });
    open.pop();
    if (size > MAX_NODES) {
      const message = `policy "${id}" has ${size} rules, those of the policies it names included; at most ${MAX_NODES} are allowed`;
      problems.push(source.problem(['policies', id], 'key', 'ERR_CONFIG_VALUE', message));
      size = 1; // whoever uses it is not blamed again
    }
    sizes.set(id, size);
    return size;
  };
  const sizeOf = (node: Child): number => {
    const target = node.rule.policy;
    if (target === undefined) return childrenOf(node).reduce((sum, child) => sum + sizeOf(child), 1);
    const at = open.indexOf(target);
    if (at < 0 && open.length < MAX_CHAIN) return sizeOfPolicy(target);
    const [code, message] =
      at < 0
        ? (['ERR_CONFIG_VALUE', `policies name each other in a chain; at most ${MAX_CHAIN} in a row are allowed`] as const)
        : (['ERR_CONFIG_CYCLE', `policies lead in a circle: ${[...open.slice(at), target].join(' -> ')}`] as const);
    problems.push(source.problem([...node.path, 'policy'], 'value', code, message));
    return 1;
  };
  for (const id of policies.keys()) sizeOfPolicy(id);
  return problems;
}

/** Networks and AS numbers can be written in several ways; two keys that mean the same are refused. */
export function checkKeys(source: YamlSource, policies: Policies): Problem[] {
  const problems: Problem[] = [];
  const checkSame = (keys: readonly string[], path: Path, meaning: (key: string) => string): void => {
    const seen = new Map<string, string>();
    for (const key of keys) {
      const first = seen.get(meaning(key));
      seen.set(meaning(key), key);
      if (first === undefined) continue;
      const message = `key "${key}" means the same as "${first}"; remove one`;
      problems.push(source.problem([...path, key], 'key', 'ERR_CONFIG_DUPLICATE', message));
    }
  };
  const check = (node: Child): void => {
    const { map } = node.rule;
    if (map) {
      checkSame(Object.keys(map.network), [...node.path, 'map', 'network'], (key) => formatCidr(parseCidr(key)!));
      checkSame(Object.keys(map.asn), [...node.path, 'map', 'asn'], (key) => String(parseAsn(key)));
    }
    for (const child of childrenOf(node)) check(child);
  };
  for (const [id, policy] of policies) check({ rule: policy.rule, path: ['policies', id, 'rule'] });
  return problems;
}

/** Sites whose capacity is in another unit than that of the first: no load could be moved between them. */
export function checkUnits(source: YamlSource, sites: SitesConfig): Problem[] {
  const [first, ...others] = Object.entries(sites).flatMap(([id, { capacity }]) => (capacity === null ? [] : [{ id, capacity }]));
  if (first === undefined) return [];
  return others
    .filter(({ capacity }) => capacity.unit !== first.capacity.unit)
    .map(({ id, capacity }) => {
      const message = `sites.${id}.capacity.unit is ${capacity.unit}; it must be ${first.capacity.unit}, as at site ${first.id}: load moves between sites`;
      return source.problem(['sites', id, 'capacity'], 'value', 'ERR_CONFIG_VALUE', message);
    });
}
