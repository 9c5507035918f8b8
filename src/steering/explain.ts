// Says why a place gets the answers it gets: runs the very functions that make plans (decide, evaluate, makePlan) with
// a recorder listening, and hands out what it heard as plain data, or as text for people.

import type { Family } from '../base/address.ts';
import type { HealthView } from '../model/health.ts';
import type { Place } from '../model/place.ts';
import type { Policy, PolicyNode, SteeringModel } from '../model/steering.ts';
import { factsFor } from './build.ts';
import { Decider } from './decide.ts';
import type { SteeringImage } from './image.ts';
import { identityOf, LastGood } from './last-good.ts';
import { makePlan, type Plan } from './plan.ts';
import { sum } from './share.ts';
import type { ClassLimits } from './spill-limits.ts';
import type { Fate, RankedSite, Trace } from './trace.ts';

/** A member or child that a node considered. */
export interface Considered {
  readonly what: 'member' | 'child';
  /** Member id or path of the child. */
  readonly name: string;
  /** Id of a member's site. */
  readonly site: string | null;
  /** Null where the kind of node has no weights. */
  readonly weight: number | null;
  readonly fate: Fate;
  readonly why: string;
}

/** A node of the tree that the place leads to. Steps of an unneeded failover child have nothing considered. */
export interface Step {
  readonly path: string;
  readonly kind: PolicyNode['kind'];
  /** Nodes above it. */
  readonly depth: number;
  /** For `map`: the rule that decided, the child it names, and the more specific facts for which there is no rule. */
  rule: { readonly matched: string; readonly child: string; readonly passed: readonly string[] } | null;
  /** For `nearest`: the sites of the pool, nearest first. */
  sites: readonly (Omit<RankedSite, 'site'> & { readonly site: string })[] | null;
  readonly considered: Considered[];
}

export interface Explanation {
  readonly policy: string;
  readonly family: Family;
  readonly place: Place;
  readonly pick: Policy['pick'];
  readonly answers: number;
  readonly steps: readonly Step[];
  readonly result: Plan['kind'];
  /** Null = not needed. */
  readonly lastResort: Plan['lastResort'];
  /** By falling share; a member's share is weight / total. */
  readonly shares: readonly { readonly member: string; readonly site: string; readonly weight: number; readonly total: number }[];
  /** Ids of members that fill an answer of several. */
  readonly reserve: readonly string[];
}

/**
 * `policy` is an index. `previous` is the image in use; without it, a last resort of last-good finds nothing. `limits` are those
 * that spill has set for the class of the place.
 */
export function explain(
  model: SteeringModel,
  policy: number,
  place: Place,
  family: Family,
  health: HealthView,
  previous?: SteeringImage,
  limits?: ClassLimits,
): Explanation {
  const { id, root, pick, answers } = model.policies[policy]!;
  const recorder = new Recorder(model);
  const decider = new Decider(model);
  const decided = decider.decide(root, place, decider.measure(place), recorder);
  const lastGood = (): Plan | undefined =>
    previous === undefined ? undefined : new LastGood(previous, model).find(id, identityOf(decided, model), family);
  const plan = makePlan(model.policies[policy]!, decided, factsFor(model, family, health), lastGood, recorder, limits);
  const total = sum(plan.weights);
  return {
    policy: id,
    family,
    place,
    pick,
    answers,
    steps: recorder.steps,
    result: plan.kind,
    lastResort: plan.lastResort,
    shares: plan.members.map((member, i) => ({
      member: model.members[member]!.id,
      site: siteOf(model, member),
      weight: plan.weights[i]!,
      total,
    })),
    reserve: plan.reserve.map((member) => model.members[member]!.id),
  };
}

const siteOf = (model: SteeringModel, member: number): string => model.sites[model.members[member]!.site]!.id;

class Recorder implements Trace {
  readonly steps: Step[] = [];
  readonly #byPath = new Map<string, Step>();
  readonly #model: SteeringModel;

  constructor(model: SteeringModel) {
    this.#model = model;
  }

  enter(node: PolicyNode, depth: number): void {
    const step: Step = { path: node.path, kind: node.kind, depth, rule: null, sites: null, considered: [] };
    this.steps.push(step);
    this.#byPath.set(node.path, step);
  }

  matched(path: string, rule: string, childPath: string, passed: readonly string[]): void {
    this.#byPath.get(path)!.rule = { matched: rule, child: childPath, passed };
  }

  ranked(path: string, sites: readonly RankedSite[]): void {
    this.#byPath.get(path)!.sites = sites.map((ranked) => ({ ...ranked, site: this.#model.sites[ranked.site]!.id }));
  }

  member(path: string, member: number, fate: Fate, why: string): void {
    const { id, weight } = this.#model.members[member]!;
    this.#byPath.get(path)!.considered.push({ what: 'member', name: id, site: siteOf(this.#model, member), weight, fate, why });
  }

  child(path: string, childPath: string, weight: number | null, fate: Fate, why: string): void {
    this.#byPath.get(path)!.considered.push({ what: 'child', name: childPath, site: null, weight, fate, why });
  }
}

/** The explanation as lines for a terminal. */
export function explanationToText(explanation: Explanation): string {
  const { policy, family, place, steps } = explanation;
  const lines = [`policy ${policy}, IPv${family}, client ${placeToText(place)}`];
  for (const step of steps) lines.push(...stepToLines(step));
  lines.push(...resultToLines(explanation));
  return `${lines.join('\n')}\n`;
}

function placeToText(place: Place): string {
  const { country, subdivision, continent, asn, tag, latitude, longitude } = place;
  const facts = [
    subdivision ?? country,
    continent === null ? null : `continent ${continent}`,
    asn === null ? null : `AS${asn}`,
    tag === null ? null : `tag ${tag}`,
    latitude === null || longitude === null ? null : `at ${latitude.toFixed(2)},${longitude.toFixed(2)}`,
  ].filter((fact) => fact !== null);
  return facts.length === 0 ? 'at an unknown place' : facts.join(', ');
}

function stepToLines(step: Step): string[] {
  const indent = '  '.repeat(step.depth + 1);
  const lines = [`${indent}${step.path} (${step.kind})`];
  const say = (text: string): void => {
    lines.push(`${indent}  ${text}`);
  };
  if (step.rule !== null) {
    if (step.rule.passed.length > 0) say(`no rule for ${step.rule.passed.join(', ')}`);
    say(`${step.rule.matched} -> ${step.rule.child}`);
    return lines;
  }
  for (const { site, distanceKm, biasPercent, biasedKm, group } of step.sites ?? []) {
    const distance = distanceKm === null ? 'distance unknown' : `${distanceKm.toFixed(0)} km`;
    const bias =
      biasPercent === 0 || biasedKm === null ? '' : `, counted as ${biasedKm.toFixed(0)} km by a bias of ${biasPercent} %`;
    say(`group ${group + 1}  ${site}  ${distance}${bias}`);
  }
  for (const { name, weight, fate, why } of step.considered) {
    say(`${fate.padEnd(8)} ${name}${weight === null ? '' : ` (weight ${weight})`}: ${why}`);
  }
  if (step.considered.length === 0) say('not needed');
  return lines;
}

function resultToLines({ result, lastResort, shares, reserve, pick, answers }: Explanation): string[] {
  const lines = lastResort === null ? [] : [`nothing that the policy may choose is up; last resort: ${lastResort}`];
  if (result === 'servfail') return [...lines, 'answer: SERVFAIL'];
  if (result === 'nodata') {
    const cause = lastResort === 'nodata' ? '' : ': nobody chosen has an address of this family';
    return [...lines, `answer: NODATA${cause}`];
  }
  lines.push(`answer: ${answers === 1 ? '1 member' : `up to ${answers} members`}, ${pick}, by share`);
  for (const { member, site, weight, total } of shares) {
    lines.push(`  ${((100 * weight) / total).toFixed(2).padStart(6)} %  ${member} at ${site} (${weight}/${total})`);
  }
  if (reserve.length > 0) lines.push(`  in reserve: ${reserve.join(', ')}`);
  return lines;
}
