// One told answer as a line: who asked, what, where that is, what was answered and why. Made from the copies of the query and its
// reply, by the code that explains; of addresses only the leading bits are told that the configuration allows.

import { basename } from 'node:path';
import { type Cidr, formatCidr, maskOctets } from '../../base/address.ts';
import type { Problem } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { PlaceReport } from '../../geo/place.ts';
import type { DecisionSettings } from '../../model/decisions.ts';
import type { Member, SteeringModel } from '../../model/steering.ts';
import type { Tapped } from '../../responder/tap-ring.ts';
import type { Explanation } from '../../steering/explain.ts';
import { OPTION } from '../../wire/constants.ts';
import { decodeEcs } from '../../wire/ecs-option.ts';
import { decodeMessage } from '../../wire/message.ts';
import type { DnsRecord, Message } from '../../wire/message-types.ts';
import { namesEqual } from '../../wire/name.ts';
import { TYPE } from '../../wire/rrtype.ts';
import { explainReply, findPlace } from '../commands/explain-answer.ts';
import type { Loaded } from '../loading/load.ts';
import type { Answering } from '../process/running.ts';
import { type Because, type Reason, reasonOf } from './decision-reason.ts';

export interface DecisionLine {
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly server: string;
  /** Network that is left of the sender's address. */
  readonly client: string;
  readonly transport: 'udp' | 'tcp';
  /** Likewise of the client subnet; null = the query has none. */
  readonly subnet: string | null;
  readonly name: string;
  readonly type: string;
  /** By what the place was found: the client subnet, or the address of whoever asked. */
  readonly by: 'subnet' | 'resolver';
  readonly place: Readonly<Record<'country' | 'subdivision' | 'continent' | 'tag', string | null>> & {
    readonly asn: number | null;
  };
  /** Databases and lines of network maps that had a say, weakest first. */
  readonly sources: readonly string[];
  readonly zone: string | null;
  /** null = no policy decides. */
  readonly policy: string | null;
  readonly rcode: string;
  /** In the order of the reply; names of members and of their sites. */
  readonly members: readonly string[];
  readonly sites: readonly string[];
  readonly reason: Reason;
  readonly why: string;
  /** Of the first record; null = there is none. */
  readonly ttlSec: number | null;
  /** SCOPE PREFIX-LENGTH announced; null = there is no client subnet. */
  readonly scopePrefixLen: number | null;
}

/** What a line has from the process. */
export interface Surroundings {
  readonly id: string;
  readonly server: string;
  /** When the query came. */
  readonly wallMs: number;
  readonly answering: Answering;
  readonly settings: DecisionSettings;
}

/** Fails if the copies are no whole messages, or a database cannot be read. */
export function decisionLine(tapped: Tapped, surroundings: Surroundings): Result<DecisionLine, Problem> {
  const { id, server, wallMs, answering, settings } = surroundings;
  const query = decodeMessage(tapped.query);
  const reply = decodeMessage(tapped.reply);
  if (typeof query === 'string') return fail(`the copy of a query is damaged: ${query}`);
  if (typeof reply === 'string') return fail(`the copy of a reply is damaged: ${reply}`);
  const [question] = query.questions;
  if (question === undefined) return fail('a query without a question was answered');
  const resolver: Cidr = { family: tapped.family, octets: tapped.address, prefixLen: 8 * tapped.address.length };
  const subnet = subnetOf(query);
  const found = placedBy(answering.loaded, resolver, tapped.hasSubnet ? subnet : null);
  if (!found.ok) return found;
  const { by, client, placed } = found.value;
  const { loaded, images, facts, limits } = answering;
  const asked = { name: question.name, type: question.type, client, placed };
  const { report, isLimited } = explainReply(loaded, images, facts, asked, reply, { limits, outlook: undefined, nowMs: 0 });
  const { steering: explanation, zone, rcode, scopePrefixLen } = report;
  const model = loaded.snapshot.steering;
  const members = explanation === null ? [] : membersOf(model, reply.answers, explanation);
  const because: Because = explanation === null ? STATIC : reasonOf({ model, facts, explanation, isLimited }, members[0], rcode);
  const { country, subdivision, continent, asn, tag } = placed.place;
  return ok({
    id,
    at: new Date(wallMs).toISOString(),
    server,
    client: formatCidr(told(resolver, settings)),
    transport: tapped.isStream ? 'tcp' : 'udp',
    subnet: subnet && formatCidr(told(subnet, settings)),
    name: report.name,
    type: report.type,
    by,
    place: { country, subdivision, continent, asn, tag },
    sources: placed.evidence.map(({ source }) => basename(source)),
    zone,
    policy: explanation?.policy ?? null,
    rcode,
    members: members.map((member) => model.members[member]!.id),
    sites: members.map((member) => model.sites[model.members[member]!.site]!.id),
    ...because,
    ttlSec: reply.answers[0]?.ttlSec ?? null,
    scopePrefixLen,
  });
}

const STATIC: Because = { reason: 'static', why: '' };

const fail = (message: string): Result<never, Problem> => err({ severity: 'error', code: 'ERR_INTERNAL', message });

/** What may be told of an address or network. */
export function told(
  { family, octets, prefixLen }: Cidr,
  { v4Bits, v6Bits }: Pick<DecisionSettings, 'v4Bits' | 'v6Bits'>,
): Cidr & { readonly isWhole: boolean } {
  const most = Math.min(prefixLen, family === 4 ? v4Bits : v6Bits);
  const left = Uint8Array.from(octets);
  maskOctets(left, most, left.length);
  return { family, octets: left, prefixLen: most, isWhole: most === prefixLen };
}

function subnetOf({ edns }: Message): Cidr | null {
  const option = edns?.options.find(({ code }) => code === OPTION.ECS);
  const ecs = option && decodeEcs(option.data);
  return ecs === undefined ? null : { family: ecs.family, octets: ecs.octets, prefixLen: ecs.sourcePrefixLen };
}

interface Placed {
  readonly by: DecisionLine['by'];
  readonly client: Cidr;
  readonly placed: PlaceReport;
}

/** As responder/steer does: by the client subnet, unless it is a private network that nothing places. */
function placedBy(loaded: Loaded, resolver: Cidr, subnet: Cidr | null): Result<Placed, Problem> {
  if (subnet !== null) {
    const placed = findPlace(loaded, subnet);
    if (!placed.ok) return placed;
    if (!placed.value.isUnplacedPrivate) return ok({ by: 'subnet', client: subnet, placed: placed.value });
  }
  const placed = findPlace(loaded, resolver);
  return placed.ok ? ok({ by: 'resolver', client: resolver, placed: placed.value }) : placed;
}

/** Whom the records of an answer name, as indexes: of members with one address, one that the policy speaks of. */
function membersOf(model: SteeringModel, answers: readonly DnsRecord[], { steps, shares }: Explanation): number[] {
  const named = new Set([
    ...shares.map(({ member }) => member),
    ...steps.flatMap(({ considered }) => considered.map(({ name }) => name)),
  ]);
  const members: number[] = [];
  for (const record of answers) {
    const candidates = model.members.filter((member) => isNamedBy(member, record));
    const member = candidates.find(({ id }) => named.has(id)) ?? candidates[0];
    if (member !== undefined && !members.includes(member.index)) members.push(member.index);
  }
  return members;
}

function isNamedBy({ target }: Member, { type, rdata }: DnsRecord): boolean {
  if (target.kind === 'alias') return type === TYPE.CNAME && namesEqual(target.name, 0, rdata, 0);
  const address = type === TYPE.A ? target.v4 : type === TYPE.AAAA ? target.v6 : null;
  return address?.every((octet, i) => octet === rdata[i]) === true;
}
