// Which rule of a `map` node speaks about a place: the most specific one, in the order network (longest prefix), ASN,
// tag, subdivision, country, continent; failing all, the node's `otherwise`.

import { type Cidr, formatCidr } from '../base/address.ts';
import type { Place } from '../model/place.ts';
import type { PolicyNode, SteeringModel } from '../model/steering.ts';

export type MapNode = Extract<PolicyNode, { kind: 'map' }>;

const RUNGS = ['network', 'asn', 'tag', 'subdivision', 'country', 'continent'] as const;
const OTHERWISE = RUNGS.length;

/** Every network named in a policy, once each, in the order of the policies; Place.networks holds indexes into it. */
export function networksOf(model: SteeringModel): Cidr[] {
  const networks = new Map<string, Cidr>();
  const visit = (node: PolicyNode): void => {
    if (node.kind === 'map') for (const { cidr } of node.networks) networks.set(formatCidr(cidr), cidr);
    for (const child of childrenOf(node)) visit(child);
  };
  for (const policy of model.policies) visit(policy.root);
  return [...networks.values()];
}

/** All children of a node, whatever its kind. */
export function childrenOf(node: PolicyNode): readonly PolicyNode[] {
  switch (node.kind) {
    case 'pool':
    case 'nearest':
      return [];
    case 'failover':
      return node.children;
    case 'weighted':
      return node.children.map(({ child }) => child);
    case 'map':
      return [
        ...node.networks.map(({ child }) => child),
        ...[node.asns, node.tags, node.subdivisions, node.countries, node.continents].flatMap((rules) => [...rules.values()]),
        node.otherwise,
      ];
  }
}

/** One `map` node, prepared. */
export class MapRules {
  readonly #node: MapNode;
  readonly #networks: readonly Cidr[];
  /** Child by index into networksOf(model). */
  readonly #byNetwork = new Map<number, PolicyNode>();

  constructor(node: MapNode, networks: readonly Cidr[], indexOfNetwork: ReadonlyMap<string, number>) {
    this.#node = node;
    this.#networks = networks;
    for (const { cidr, child } of node.networks) this.#byNetwork.set(indexOfNetwork.get(formatCidr(cidr))!, child);
  }

  /** The child whose rule decides. */
  choose(place: Place): PolicyNode {
    return this.#ruleAt(this.rungOf(place), place) ?? this.#node.otherwise;
  }

  /** The rung of the ladder whose rule decides; pass it to describe(). */
  rungOf(place: Place): number {
    for (let rung = 0; rung < OTHERWISE; rung++) if (this.#ruleAt(rung, place) !== undefined) return rung;
    return OTHERWISE;
  }

  /** The rule of a rung in words, such as `country GB`; null if the place has no such fact. */
  describe(rung: number, place: Place): string | null {
    if (rung === OTHERWISE) return 'otherwise';
    const network = this.#networkOf(place) ?? place.networks.at(-1);
    const { asn, tag, subdivision, country, continent } = place;
    const facts = [
      network === undefined ? null : formatCidr(this.#networks[network]!),
      asn,
      tag,
      subdivision,
      country,
      continent,
    ];
    const fact = facts[rung] ?? null;
    return fact === null ? null : `${RUNGS[rung]!} ${fact}`;
  }

  /** Index of the longest network around the place that this node has a rule for. */
  #networkOf(place: Place): number | undefined {
    for (let i = place.networks.length - 1; i >= 0; i--) if (this.#byNetwork.has(place.networks[i]!)) return place.networks[i]!;
    return undefined;
  }

  #ruleAt(rung: number, place: Place): PolicyNode | undefined {
    const node = this.#node;
    switch (rung) {
      case 0: {
        const network = this.#networkOf(place);
        return network === undefined ? undefined : this.#byNetwork.get(network);
      }
      case 1:
        return place.asn === null ? undefined : node.asns.get(place.asn);
      case 2:
        return place.tag === null ? undefined : node.tags.get(place.tag);
      case 3:
        return place.subdivision === null ? undefined : node.subdivisions.get(place.subdivision);
      case 4:
        return place.country === null ? undefined : node.countries.get(place.country);
      case 5:
        return place.continent === null ? undefined : node.continents.get(place.continent);
      default:
        return undefined;
    }
  }
}
