// What a snippet of PowerDNS answers, as a tree that does not depend on the address family yet: values with weights, checked or not, nearest
// first or in turn; one after the other; by place. Functions as documented for LUA records of PowerDNS Authoritative Server 4.9.

import type { Expression, Statement } from './lua.ts';
import { type Place, placesOf, scalars } from './powerdns-conditions.ts';

export interface Value {
  readonly value: string;
  readonly weight: number;
}

export type Plan =
  | { readonly kind: 'pool'; readonly values: readonly Value[]; readonly isNearest: boolean; readonly check: Check | undefined }
  | { readonly kind: 'failover'; readonly plans: readonly Plan[] }
  | {
      readonly kind: 'map';
      readonly cases: readonly { readonly places: readonly Place[]; readonly plan: Plan }[];
      readonly otherwise: Plan;
    };

export type Check =
  | { readonly kind: 'port'; readonly port: number; readonly options: Options }
  | { readonly kind: 'url'; readonly url: string; readonly options: Options };
type Options = ReadonlyMap<string, Expression>;

export interface Answer {
  readonly plan: Plan;
  readonly isSticky: boolean;
  /** Values in one answer. */
  readonly answers: number;
}

/** Above this many, Meridian answers with as many. */
const MAX_ANSWERS = 8;
const NO_OPTIONS: Options = new Map();
const EVERYBODY = ['0.0.0.0/0', '::/0'];
const SPECIFIC_FIRST: readonly Place['map'][] = ['network', 'asn', 'subdivision', 'country', 'continent'];
const SELECTORS = ['all', 'hashed', 'pickclosest', 'random'];
const STICKY = ['pickhashed', 'pickwhashed', 'pickchashed', 'picknamehashed'];

/** Thrown with a sentence on what cannot be carried over. */
export class PlanError extends Error {}

/** Turns statements into a plan; `include` gives those of a configuration record. */
export class Planner {
  readonly #lose: (what: string) => void;
  readonly #include: (name: string) => readonly Statement[] | undefined;
  readonly #variables = new Map<string, Expression>();
  #isSticky = false;
  #answers = 1;

  constructor(lose: (what: string) => void, include: (name: string) => readonly Statement[] | undefined) {
    this.#lose = lose;
    this.#include = include;
  }

  answer(statements: readonly Statement[]): Answer {
    const plan = this.#run(statements);
    if (plan === undefined) throw new PlanError('it returns nothing');
    return { plan, isSticky: this.#isSticky, answers: Math.max(1, Math.min(MAX_ANSWERS, this.#answers)) };
  }

  #run(statements: readonly Statement[]): Plan | undefined {
    for (const [i, statement] of statements.entries()) {
      if (statement.kind === 'return') return this.#plan(statement.value);
      if (statement.kind === 'assign') this.#variables.set(statement.name, statement.value);
      else if (statement.kind === 'include') {
        const included = this.#include(statement.name);
        if (included === undefined) throw new PlanError(`include('${statement.name}') has no LUA record of the type LUA`);
        for (const each of included) if (each.kind === 'assign') this.#variables.set(each.name, each.value);
      } else return this.#choice(statement, statements.slice(i + 1));
    }
    return undefined;
  }

  /** Branches by place; what comes behind the `if` answers those for whom no branch holds. */
  #choice(statement: Extract<Statement, { kind: 'if' }>, rest: readonly Statement[]): Plan {
    const cases: { places: readonly Place[]; plan: Plan }[] = [];
    let otherwise: Plan | undefined;
    let isNegated = false;
    for (const { condition, body } of statement.branches) {
      const plan = this.#run(body);
      if (plan === undefined) throw new PlanError('a branch returns nothing');
      if (condition === undefined) otherwise = plan;
      else {
        isNegated = condition.kind === 'not' && cases.length === 0;
        const places = placesOf(condition.kind === 'not' && isNegated ? condition.of : condition);
        if (places === undefined)
          throw new PlanError('a condition on something else than the place of the client; a region needs its country beside it');
        cases.push({ places, plan });
      }
    }
    otherwise ??= this.#run(rest);
    if (otherwise === undefined) throw new PlanError('clients of other places get no answer');
    if (isNegated && cases.length > 1) throw new PlanError('several conditions of which one is negated');
    if (isNegated) return { kind: 'map', cases: [{ places: cases[0]!.places, plan: otherwise }], otherwise: cases[0]!.plan };
    this.#warnOfOrder(cases);
    return { kind: 'map', cases, otherwise };
  }

  /** The first condition that holds counts there, the most specific place here. */
  #warnOfOrder(cases: readonly { readonly places: readonly Place[] }[]): void {
    const ranks = cases.map(({ places }) => places.map(({ map }) => SPECIFIC_FIRST.indexOf(map)));
    if (ranks.some((rank, i) => i > 0 && Math.min(...rank) < Math.max(...ranks.slice(0, i).flat())))
      this.#lose('a condition on a smaller place comes after one on a larger place; here the smaller place counts');
  }

  #plan(expression: Expression): Plan {
    const value = this.#resolve(expression);
    if (value.kind === 'text' || value.kind === 'table') return this.#pool(this.#values(value), undefined, NO_OPTIONS, 'all');
    if (value.kind !== 'call') throw new PlanError('what it returns is not known');
    return this.#call(
      value.name,
      value.args.map((each) => this.#resolve(each)),
    );
  }

  #call(name: string, args: readonly Expression[]): Plan {
    const [first, second, third] = args;
    if (STICKY.includes(name)) {
      this.#isSticky = true;
      if (name === 'picknamehashed')
        this.#lose('picknamehashed goes by the name asked for; here each client network keeps its answer');
      return this.#pool(this.#values(need(first, name)), undefined, NO_OPTIONS, 'random');
    }
    switch (name) {
      case 'pickrandom':
      case 'pickwrandom':
        return this.#pool(this.#values(need(first, name)), undefined, NO_OPTIONS, 'random');
      case 'pickrandomsample':
        this.#answers = Math.max(this.#answers, first?.kind === 'number' ? first.value : 1);
        return this.#pool(this.#values(need(second, name)), undefined, NO_OPTIONS, 'random');
      case 'all':
        return this.#pool(this.#values(need(first, name)), undefined, NO_OPTIONS, 'all');
      case 'pickclosest':
        return this.#pool(this.#values(need(first, name)), undefined, NO_OPTIONS, 'pickclosest');
      case 'ifportup': {
        if (first?.kind !== 'number') throw new PlanError('ifportup without a port');
        const options = optionsOf(third);
        return this.#sets(need(second, name), { kind: 'port', port: first.value, options }, options);
      }
      case 'ifurlup': {
        if (first?.kind !== 'text') throw new PlanError('ifurlup without a URL');
        const options = optionsOf(third);
        return this.#sets(need(second, name), { kind: 'url', url: first.value, options }, options);
      }
      case 'ifurlextup':
        this.#lose('ifurlextup checks other URLs than the answers; what it guards is not checked here');
        return this.#groups(need(first, name), optionsOf(second));
      case 'view':
        return this.#view(need(first, name));
      default:
        throw new PlanError(`${name} has no counterpart`);
    }
  }

  /** One set of addresses, or several of which the first with one that is up answers. */
  #sets(list: Expression, check: Check, options: Options): Plan {
    const sets = list.kind === 'table' ? list.items.map((item) => this.#resolve(item)) : [];
    const selector = textOf(options.get('selector')) ?? 'random';
    if (!sets.some(({ kind }) => kind === 'table')) return this.#pool(this.#values(list), check, options, selector);
    return oneOrMore(sets.map((set) => this.#pool(this.#values(set), check, options, selector)));
  }

  #groups(list: Expression, options: Options): Plan {
    const groups = list.kind === 'table' ? list.items.map((item) => this.#resolve(item)) : [];
    const selector = textOf(options.get('selector')) ?? 'random';
    return oneOrMore(
      groups.map((group) => {
        const values = group.kind === 'table' ? [...group.fields.keys()].map((value) => ({ value, weight: 1 })) : [];
        return this.#pool(values, undefined, options, selector);
      }),
    );
  }

  /** Networks and what they are answered with; the first that matches counts, which the longest does here. */
  #view(pairs: Expression): Plan {
    const cases: { places: readonly Place[]; plan: Plan }[] = [];
    let otherwise: Plan | undefined;
    for (const item of pairs.kind === 'table' ? pairs.items : []) {
      const pair = this.#resolve(item);
      const [networks, values] = pair.kind === 'table' ? pair.items : [];
      if (networks === undefined || values === undefined) throw new PlanError('view takes pairs of networks and values');
      const plan = this.#pool(this.#values(this.#resolve(values)), undefined, NO_OPTIONS, 'all');
      const keys = scalars(this.#resolve(networks));
      if (keys.some((key) => EVERYBODY.includes(key))) otherwise ??= plan;
      const places = keys.filter((key) => !EVERYBODY.includes(key)).map((key): Place => ({ map: 'network', key }));
      if (places.length > 0) cases.push({ places, plan });
    }
    if (otherwise === undefined) {
      if (cases.length === 0) throw new PlanError('view without networks');
      this.#lose('view has no network for everybody; PowerDNS answers others without data, here the last pair answers them');
      otherwise = cases.at(-1)!.plan;
    }
    return { kind: 'map', cases, otherwise };
  }

  #pool(values: readonly Value[], check: Check | undefined, options: Options, selector: string): Plan {
    if (values.length === 0) throw new PlanError('a list of values is empty');
    if (selector === 'all') this.#answers = Math.max(this.#answers, values.length);
    if (selector === 'hashed') this.#isSticky = true;
    if (!SELECTORS.includes(selector)) this.#lose(`selector ${selector} has no counterpart; here each answers in turn`);
    const backup = textOf(options.get('backupSelector'));
    if (backup !== undefined && backup !== 'random' && backup !== selector)
      this.#lose(`backupSelector ${backup}: here the answers are chosen as ever, as if all were up`);
    return { kind: 'pool', values, isNearest: selector === 'pickclosest', check };
  }

  /** Values, or pairs of a weight and a value. */
  #values(expression: Expression): readonly Value[] {
    const list = this.#resolve(expression);
    if (list.kind === 'text') return [{ value: list.value, weight: 1 }];
    if (list.kind !== 'table') throw new PlanError('a list of values is computed');
    return list.items.map((each) => {
      const item = this.#resolve(each);
      if (item.kind === 'text') return { value: item.value, weight: 1 };
      const [weight, value] = item.kind === 'table' ? item.items.map((part) => this.#resolve(part)) : [];
      if (weight?.kind !== 'number' || value?.kind !== 'text')
        throw new PlanError('a value is neither text nor a pair of weight and text');
      return { value: value.value, weight: weight.value };
    });
  }

  /** A variable is what it was set to; circles end, since each is followed once. */
  #resolve(expression: Expression): Expression {
    const seen = new Set<string>();
    let value = expression;
    while (value.kind === 'name') {
      const next = this.#variables.get(value.name);
      if (next === undefined || seen.has(value.name)) throw new PlanError(`${value.name} is not known`);
      seen.add(value.name);
      value = next;
    }
    return value;
  }
}

function need(expression: Expression | undefined, name: string): Expression {
  if (expression === undefined) throw new PlanError(`${name} without values`);
  return expression;
}

const oneOrMore = (plans: readonly Plan[]): Plan => {
  if (plans.length === 0) throw new PlanError('a list of values is empty');
  return plans.length === 1 ? plans[0]! : { kind: 'failover', plans };
};
const optionsOf = (expression: Expression | undefined): Options =>
  expression?.kind === 'table' ? expression.fields : NO_OPTIONS;
export const textOf = (expression: Expression | undefined): string | undefined =>
  expression?.kind === 'text' ? expression.value : undefined;
export const numberOf = (expression: Expression | undefined): number | undefined =>
  expression?.kind === 'number'
    ? expression.value
    : expression?.kind === 'text' && /^\d+$/.test(expression.value) // as Lua takes it
      ? Number(expression.value)
      : undefined;
