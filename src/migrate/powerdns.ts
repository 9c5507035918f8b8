// Zone files of PowerDNS with LUA records to a draft: a name whose addresses or alias are computed gets a GSLB record and a policy, everything
// else stays as it is. Snippets are read, not run; what says more than which answers, checks and places is left out and told.

import type { Problem } from '../base/errors.ts';
import { ok, type Result } from '../base/result.ts';
import { answerOf, Draft, type DraftMember, plainName } from './draft.ts';
import type { DraftMap, DraftRule } from './draft-rule.ts';
import { failed } from './failed.ts';
import { parseLua, parseLuaConfig, type Statement } from './lua.ts';
import { type Answer, type Plan, PlanError, Planner, type Value } from './powerdns-plan.ts';
import { PowerdnsProbes } from './powerdns-probes.ts';
import { type ZoneEntry, zoneEntries } from './powerdns-zone.ts';

const STEERED = ['A', 'AAAA', 'CNAME'];
const UNPLACED = 'unplaced';

export function importPowerdns(documents: readonly { readonly file: string; readonly text: string }[]): Result<Draft, Problem> {
  const draft = new Draft();
  const probes = new PowerdnsProbes(draft);
  for (const { file, text } of documents) {
    const zone = new PowerdnsZone(draft, probes, file, text);
    if (zone.origin === undefined)
      return failed(file, 'the name of the zone is not known: neither $ORIGIN nor a SOA record with an absolute name');
    draft.zones.set(zone.origin.replace(/\.$/, ''), zone.convert());
  }
  if (draft.sites.size > 0)
    draft.lose(
      'sites',
      `PowerDNS asks its database where an address is; here all members are at the site "${UNPLACED}" at 0, 0: give them sites, which "nearest" and spill need`,
    );
  return ok(draft);
}

class PowerdnsZone {
  readonly origin: string | undefined;
  readonly #draft: Draft;
  readonly #probes: PowerdnsProbes;
  readonly #file: string;
  readonly #entries: readonly ZoneEntry[];
  /** Absolute owner -> statements of its LUA record of the type LUA. */
  readonly #configs = new Map<string, readonly Statement[]>();

  constructor(draft: Draft, probes: PowerdnsProbes, file: string, text: string) {
    this.#draft = draft;
    this.#probes = probes;
    this.#file = file;
    this.#entries = zoneEntries(text);
    const directive = this.#entries.flatMap((entry) => /^\$ORIGIN\s+(\S+)/i.exec(entry.text)?.[1] ?? [])[0];
    const apex = this.#entries.find((entry) => /\sSOA\s/i.test(entry.text) && entry.owner?.endsWith('.') === true)?.owner;
    this.origin = (apex ?? directive)?.toLowerCase().replace(/\.?$/, '.');
  }

  convert(): string {
    const owners = this.#owners();
    for (const [i, entry] of this.#entries.entries()) {
      if (entry.lua?.type !== 'LUA') continue;
      const statements = parseLuaConfig(entry.lua.snippet);
      if (statements.ok) this.#configs.set(owners[i]!, statements.value);
      else this.#draft.lose(this.#where(entry), `a configuration of LUA records: ${statements.error}; left out`);
    }
    const steered = new Map<string, ZoneEntry[]>();
    for (const [i, entry] of this.#entries.entries())
      if (entry.lua !== undefined && STEERED.includes(entry.lua.type))
        steered.set(owners[i]!, [...(steered.get(owners[i]!) ?? []), entry]);
    const records = new Map<string, string | undefined>();
    for (const [owner, luas] of steered) {
      const plain = this.#entries.filter((entry, i) => entry.address !== undefined && owners[i] === owner);
      records.set(owner, this.#record(owner, luas, plain));
    }
    const written = new Set<string>();
    let previous: string | undefined;
    const lines = this.#entries.flatMap((entry, i) => {
      const owner = owners[i];
      const isSteered =
        owner !== undefined && steered.has(owner) && (entry.address !== undefined || STEERED.includes(entry.lua?.type ?? ''));
      if (entry.isRecord && (isSteered || entry.lua !== undefined)) {
        if (!isSteered && entry.lua!.type !== 'LUA')
          this.#draft.lose(this.#where(entry), `LUA ${entry.lua!.type} has no counterpart; left out`);
        if (!isSteered || written.has(owner)) return [];
        written.add(owner);
        const record = records.get(owner);
        if (record === undefined) return [];
        previous = owner;
        return [record];
      }
      if (!entry.isRecord) return [entry.text];
      // The record before may be gone, so an owner that is left out is written down if it would be another one now.
      const text = entry.hasOwner || previous === owner ? entry.text : `${owner}${entry.text}`;
      previous = owner;
      return [text];
    });
    return `${lines.join('\n').replace(/\n*$/, '')}\n`;
  }

  /** The absolute owner of each entry, in lower case. */
  #owners(): readonly (string | undefined)[] {
    let origin = this.origin!;
    return this.#entries.map((entry) => {
      const directive = entry.isDirective ? /^\$ORIGIN\s+(\S+)/i.exec(entry.text)?.[1] : undefined;
      if (directive !== undefined) origin = directive.endsWith('.') ? directive : `${directive}.${origin}`;
      if (entry.owner === undefined) return undefined;
      if (entry.owner === '@') return origin.toLowerCase();
      return (entry.owner.endsWith('.') ? entry.owner : `${entry.owner}.${origin}`).toLowerCase();
    });
  }

  /** The GSLB record of a name; undefined, and reported, if there is none. */
  #record(owner: string, luas: readonly ZoneEntry[], plain: readonly ZoneEntry[]): string | undefined {
    const answers = luas.flatMap((entry) => {
      const answer = this.#answer(entry);
      const { type } = entry.lua!;
      const foreign = answer === undefined ? undefined : valuesOf(answer.plan).find((value) => typeOf(value) !== type);
      if (foreign !== undefined) {
        this.#draft.lose(this.#where(entry), `LUA ${type}: ${foreign} is no ${type}; left out`);
        return [];
      }
      return answer === undefined ? [] : [{ answer, type: entry.lua!.type, entry }];
    });
    const lead = answers[0];
    if (lead === undefined) return undefined;
    const where = this.#where(lead.entry);
    const others = answers.slice(1).filter(({ answer, type, entry }) => {
      if (answers.find((each) => each.type === type)!.entry !== entry) {
        this.#draft.lose(
          this.#where(entry),
          `a further LUA ${type} of this name, whose answer PowerDNS adds to the first; left out`,
        );
        return false;
      }
      if (type === 'CNAME' || lead.type === 'CNAME' || shapeOf(answer.plan) !== shapeOf(lead.answer.plan)) {
        this.#draft.lose(where, `LUA ${type} of this name chooses in another way than LUA ${lead.type}; left out`);
        return false;
      }
      return true;
    });
    const missing = plain.flatMap(({ address }) => (address!.type === lead.type ? [] : [{ value: address!.value, weight: 1 }]));
    if (missing.length > 0)
      this.#draft.lose(where, 'plain addresses stand beside it: here each pool answers with those of the other family');
    for (const { address } of plain)
      if (address!.type === lead.type)
        this.#draft.lose(
          where,
          `the plain ${lead.type} ${address!.value} beside LUA ${lead.type}, to which PowerDNS adds it; left out`,
        );
    const second = others[0]?.answer.plan;
    const rule = this.#rule(owner, lead.answer.plan, second, missing, where);
    const { isSticky, answers: count } = lead.answer;
    const policy = this.#draft.addPolicy(owner.replace(/\.$/, '').replaceAll('*', 'any'), {
      rule,
      ...(isSticky ? { pick: 'sticky' } : {}),
      ...(count > 1 && lead.type !== 'CNAME' ? { answers: count } : {}),
    });
    const ttl = lead.entry.lua!.ttl;
    return `${owner} ${ttl === undefined ? '' : `${ttl} `}GSLB ${policy}`;
  }

  #answer(entry: ZoneEntry): Answer | undefined {
    const where = this.#where(entry);
    const { type, snippet } = entry.lua!;
    const statements = parseLua(snippet);
    try {
      if (!statements.ok) throw new PlanError(statements.error);
      const include = (name: string): readonly Statement[] | undefined =>
        this.#configs.get((name.endsWith('.') ? name : `${name}.${this.origin}`).toLowerCase());
      return new Planner((what) => this.#draft.lose(where, what), include).answer(statements.value);
    } catch (error) {
      if (!(error instanceof PlanError)) throw error;
      this.#draft.lose(where, `LUA ${type}: ${error.message}; left out`);
      return undefined;
    }
  }

  #rule(owner: string, plan: Plan, second: Plan | undefined, missing: readonly Value[], where: string): DraftRule {
    if (plan.kind === 'failover') {
      const others = second?.kind === 'failover' ? second.plans : [];
      return { failover: plan.plans.map((each, i) => this.#rule(owner, each, others[i], missing, where)) };
    }
    if (plan.kind === 'map') {
      const other = second?.kind === 'map' ? second : undefined;
      const maps: Record<string, Record<string, DraftRule>> = {};
      for (const [i, { places, plan: each }] of plan.cases.entries()) {
        const rule = this.#rule(owner, each, other?.cases[i]?.plan, missing, where);
        for (const { map, key } of places) {
          maps[map] ??= {};
          maps[map][key] ??= rule;
        }
      }
      const ordered = Object.fromEntries(
        ['network', 'asn', 'subdivision', 'country', 'continent'].flatMap((map) =>
          maps[map] === undefined ? [] : [[map, maps[map]]],
        ),
      );
      return { map: { ...ordered, default: this.#rule(owner, plan.otherwise, other?.otherwise, missing, where) } as DraftMap };
    }
    const pool = this.#pool(owner, plan, second?.kind === 'pool' ? second.values : missing, where);
    return plan.isNearest ? { nearest: { pool, tieBand: '0km' } } : { pool };
  }

  #pool(
    owner: string,
    { values, check, isNearest }: Extract<Plan, { kind: 'pool' }>,
    others: readonly Value[],
    where: string,
  ): string {
    const probe = check === undefined ? undefined : this.#probes.nameOf(check, where);
    const site = this.#draft.addSite(UNPLACED);
    if (isNearest) this.#draft.lose(where, 'the nearest address: give its members sites with coordinates');
    const members = Array.from({ length: Math.max(values.length, others.length) }, (_, i): DraftMember => {
      const weight = (values[i] ?? others[i])!.weight;
      return {
        site,
        name: plainName(`member-${i + 1}`),
        ...Object.assign({}, ...[values[i], others[i]].flatMap((each) => (each === undefined ? [] : [answerOf(each.value)]))),
        ...(weight === 1 ? {} : { weight }),
      };
    });
    return this.#draft.addPool([owner.replace(/\.$/, '').replaceAll('*', 'any')], {
      ...(probe === undefined ? {} : { probe }),
      members,
    });
  }

  #where(entry: ZoneEntry): string {
    return `${this.#file}:${entry.line}`;
  }
}

function valuesOf(plan: Plan): readonly string[] {
  if (plan.kind === 'failover') return plan.plans.flatMap(valuesOf);
  if (plan.kind === 'map') return [...plan.cases.flatMap((each) => valuesOf(each.plan)), ...valuesOf(plan.otherwise)];
  return plan.values.map(({ value }) => value);
}

const typeOf = (value: string): string => (value.includes(':') ? 'AAAA' : /^\d+\.\d+\.\d+\.\d+$/.test(value) ? 'A' : 'CNAME');

/** Two plans of one shape differ in values alone. */
function shapeOf(plan: Plan): string {
  if (plan.kind === 'failover') return `f(${plan.plans.map(shapeOf).join()})`;
  if (plan.kind === 'map')
    return `m(${plan.cases.map(({ places, plan: each }) => `${JSON.stringify(places)}${shapeOf(each)}`).join()};${shapeOf(plan.otherwise)})`;
  return `p${plan.isNearest ? 'n' : ''}${plan.values.every(({ weight }) => weight === 1) ? '' : JSON.stringify(plan.values.map(({ weight }) => weight))}${plan.check?.kind ?? ''}`;
}
