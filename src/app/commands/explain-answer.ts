// Why a client gets the answer it gets. The answer itself comes from a Responder over the images in use, asked with the
// client's network as ECS, or is one that was given; place and policy are told by the code that those images were made with.

import { type Cidr, formatCidr, maskOctets, parseCidr } from '../../base/address.ts';
import { systemClock } from '../../base/clock.ts';
import type { ErrorCode, Problem } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { cellOf, depthOf, GeoImage, lookupCell } from '../../geo/lookup.ts';
import { openGeo } from '../../geo/open.ts';
import { formatEvidence, type PlaceReport, placeOf } from '../../geo/place.ts';
import { Counters, countersSize } from '../../metrics/counters.ts';
import { Client } from '../../model/client.ts';
import type { HealthView } from '../../model/health.ts';
import type { SteeringModel } from '../../model/steering.ts';
import { Responder } from '../../responder/responder.ts';
import { type CellTable, Classifier } from '../../steering/classes.ts';
import { type Explanation, explain } from '../../steering/explain.ts';
import { SteeringImage } from '../../steering/image.ts';
import { explainSpill, type SpillExplanation } from '../../steering/spill-explain.ts';
import type { SpillLimits } from '../../steering/spill-limits.ts';
import type { SpillOutlook } from '../../steering/spill-outlook.ts';
import { stampClient } from '../../transport/sender.ts';
import { OPTION } from '../../wire/constants.ts';
import { decodeEcs, encodeEcs } from '../../wire/ecs-option.ts';
import { decodeMessage, encodeQuery } from '../../wire/message.ts';
import type { Message } from '../../wire/message-types.ts';
import { nameFromText, nameToText } from '../../wire/name.ts';
import { QueryName } from '../../wire/qname.ts';
import { TYPE, typeFromName, typeName } from '../../wire/rrtype.ts';
import { RRSET, ZoneImage } from '../../zone/image.ts';
import { lookup } from '../../zone/lookup.ts';
import { FOUND, Found } from '../../zone/lookup-result.ts';
import { ZoneSet } from '../../zone/zone-set.ts';
import type { Images } from '../answering/messages.ts';
import type { Change } from '../health/change-trail.ts';
import type { Loaded } from '../loading/load.ts';
import { messageToJson } from '../text/message-text.ts';

const MAX_MESSAGE_SIZE = 65535;
const KEPT_OPEN_MS = 60_000;
const MOST_CHANGES = 20;

export interface ExplainRequest {
  readonly name: string;
  /** Address or network of the client. */
  readonly client: string;
  readonly type: string;
}

/** The whole chain of reasons, as plain JSON. */
export interface ExplainReport {
  readonly name: string;
  readonly type: string;
  readonly client: string;
  /** What databases and network maps said, one line each, weakest first. */
  readonly evidence: readonly string[];
  readonly cell: number;
  /** The largest network around the client that lies wholly in the cell. */
  readonly network: string;
  /** Apex of the zone that answers; null if none is served. */
  readonly zone: string | null;
  /** Owner of the GSLB record that decided (the end of a CNAME chain, perhaps); null if none did. */
  readonly steered: string | null;
  readonly steering: Explanation | null;
  /** What spill does to clients of this place, one for each stream of their load; null if the policy cannot spill. */
  readonly spill: readonly SpillExplanation[] | null;
  /** The last change of each member that was considered, since this server started; the newest first. */
  readonly changes: readonly MemberChange[];
  /** Of the clock that all servers share, for ages. */
  readonly nowMs: number;
  readonly rcode: string;
  readonly answers: readonly string[];
  readonly authorities: readonly string[];
  /** ECS scope that is announced; null if the reply carries none. */
  readonly scopePrefixLen: number | null;
}

export interface MemberChange {
  readonly member: string;
  /** Of log lines, events and traces. */
  readonly change: string;
  readonly isUp: boolean;
  readonly atMs: number;
  /** Since when all threads answer by it; null = not yet, or it makes no difference. */
  readonly answeredMs: number | null;
}

/** What of the moment is not in the images: what spill has set and knows, if there is a capacity anywhere, and what has changed. */
export interface SpillNow {
  readonly changeOf?: (target: string) => Change | undefined;
  readonly limits: SpillLimits | undefined;
  readonly outlook: SpillOutlook | undefined;
  readonly nowMs: number;
}

const NO_SPILL: SpillNow = { limits: undefined, outlook: undefined, nowMs: 0 };

export function explainAnswer(
  loaded: Loaded,
  images: Images,
  health: HealthView,
  request: ExplainRequest,
  spill: SpillNow = NO_SPILL,
): Result<ExplainReport, Problem> {
  const name = nameFromText(request.name);
  if (typeof name === 'string') return refuse('ERR_USAGE', name);
  const type = typeFromName(request.type);
  if (type === undefined || type === TYPE.GSLB) return refuse('ERR_USAGE', `"${request.type}" is not a record type`);
  const client = parseCidr(request.client);
  if (client === undefined) {
    return refuse('ERR_USAGE', `client "${request.client}" is not an address or ADDRESS/LENGTH without bits beyond the length`);
  }
  const steering = new SteeringImage(images.steering);
  const reply = answer(zonesOf(images).images, images, steering, loaded.snapshot.server.udpPayloadSize, name, type, client);
  const placed = findPlace(loaded, client);
  if (!placed.ok) return placed;
  const asked = { name, type, client, placed: placed.value };
  const { report } = explainReply(loaded, images, health, asked, reply, spill);
  return ok({ ...report, changes: changesBehind(report, loaded, spill.changeOf) });
}

function changesBehind({ steering }: ExplainReport, { snapshot }: Loaded, changeOf: SpillNow['changeOf']): MemberChange[] {
  if (steering === null || changeOf === undefined) return [];
  const considered = new Set(steering.steps.flatMap((step) => step.considered).map(({ name }) => name));
  const { members } = snapshot.steering;
  return snapshot.targets
    .filter(({ member, family }) => family === steering.family && considered.has(members[member]!.id))
    .flatMap(({ key, member }) => {
      const change = changeOf(key);
      if (change === undefined) return [];
      const { id, isUp, atMs, answeredMs } = change;
      return [{ member: members[member]!.id, change: id, isUp, atMs, answeredMs }];
    })
    .sort((a, b) => b.atMs - a.atMs)
    .slice(0, MOST_CHANGES);
}

/** A question as messages have it, and the client that it is answered for. */
export interface Asked {
  /** Wire name. */
  readonly name: Uint8Array;
  readonly type: number;
  readonly client: Cidr;
  readonly placed: PlaceReport;
}

export interface Explained {
  readonly report: ExplainReport;
  /** Spill has set limits for the class of the client. */
  readonly isLimited: boolean;
}

/** Why `reply` was given; `images` and `health` are those that it came from, or later ones. */
export function explainReply(
  loaded: Loaded,
  images: Images,
  health: HealthView,
  { name, type, client, placed }: Asked,
  reply: Message,
  spill: SpillNow = NO_SPILL,
): Explained {
  const model = loaded.snapshot.steering;
  const { place, evidence } = placed;
  const packed = lookupCell(new GeoImage(images.geo), client.family, client.octets, 0);
  const steering = new SteeringImage(images.steering);
  const ecs = reply.edns?.options.find((option) => option.code === OPTION.ECS);
  const found = findSteered(zonesOf(images), name, type, reply);
  const policy = found.policy === null ? -1 : steering.policyNames.indexOf(found.policy);
  const of = classOf(loaded.geography.table, policy, cellOf(packed));
  const limits = spill.limits?.[policy]?.get(of);
  const spilt = spill.outlook === undefined || policy < 0 ? [] : explainSpill(spill.outlook, policy, of);
  const { rcode, answers, authorities } = messageToJson(reply);
  const report: ExplainReport = {
    name: nameToText(name),
    type: typeName(type),
    client: formatCidr(client),
    evidence: evidence.map(formatEvidence),
    cell: cellOf(packed),
    network: formatCidr(networkAround(client, depthOf(packed))),
    zone: found.zone,
    steered: found.owner,
    steering: policy < 0 ? null : explain(model, policy, place, type === TYPE.AAAA ? 6 : 4, health, steering, limits),
    spill: spilt.length === 0 ? null : spilt,
    changes: [],
    nowMs: spill.nowMs,
    rcode,
    answers,
    authorities,
    scopePrefixLen: ecs === undefined ? null : (decodeEcs(ecs.data)?.scopePrefixLen ?? null),
  };
  return { report, isLimited: limits !== undefined };
}

/** Where a client is, from the databases and maps themselves. */
export function findPlace(
  loaded: Pick<Loaded, 'geography' | 'snapshot'>,
  { family, octets }: Cidr,
): Result<PlaceReport, Problem> {
  const opened = openedFor(loaded);
  if (opened.problems[0] !== undefined) return err(opened.problems[0]);
  return ok(placeOf({ ...opened, networks: networksOf(loaded.snapshot.steering) }, family, octets));
}

/** Made once for what is loaded: answers are explained by the hundred. */
function remembered<Key extends object, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const known = new WeakMap<Key, Value>();
  return (key) => {
    let value = known.get(key);
    if (value === undefined) {
      value = make(key);
      known.set(key, value);
    }
    return value;
  };
}

const networksOf = remembered((model: SteeringModel) => new Classifier(model).networks);

interface Zones {
  readonly images: readonly ZoneImage[];
  readonly set: ZoneSet;
}

const zonesIn = remembered((buffers: Images['zones']): Zones => {
  const images = buffers.map((buffer) => new ZoneImage(buffer));
  return { images, set: new ZoneSet(images) };
});
const zonesOf = ({ zones }: Images): Zones => zonesIn(zones);

const classOf = ({ columns, columnOf }: CellTable, policy: number, cell: number): number =>
  policy < 0 ? -1 : (columns[columnOf[policy]!]![cell] ?? -1);

/** Databases opened for explanations; opening one takes a hundred times longer than the rest of an explanation. */
const open = new WeakMap<Loaded['geography'], ReturnType<typeof openGeo>>();

function openedFor({ geography, snapshot }: Pick<Loaded, 'geography' | 'snapshot'>): ReturnType<typeof openGeo> {
  const known = open.get(geography);
  if (known !== undefined) return known;
  const opened = openGeo(snapshot.geo);
  if (opened.problems.length > 0) return opened;
  open.set(geography, opened);
  // A city database takes much memory, and most explanations come in a row.
  setTimeout(() => open.delete(geography), KEPT_OPEN_MS).unref();
  return opened;
}

const refuse = (code: ErrorCode, message: string): { readonly ok: false; readonly error: Problem } =>
  err({ severity: 'error', code, message });

function networkAround({ family, octets }: Cidr, prefixLen: number): Cidr {
  const masked = Uint8Array.from(octets);
  maskOctets(masked, prefixLen, masked.length);
  return { family, octets: masked, prefixLen };
}

/** Asks a Responder of our own, over a stream so that nothing is cut off. */
function answer(
  zones: readonly ZoneImage[],
  images: Images,
  steering: SteeringImage,
  udpPayloadSize: number,
  name: Uint8Array,
  type: number,
  client: Cidr,
): Message {
  const responder = new Responder({ udpPayloadSize, counters: new Counters(new SharedArrayBuffer(countersSize(1))).row(0) });
  responder.install({ zones, geo: new GeoImage(images.geo), steering });
  const options = [{ code: OPTION.ECS, data: encodeEcs(client) }];
  const query = encodeQuery({
    id: 0,
    name,
    type,
    flags: { rd: false, ad: false, cd: false },
    edns: { udpPayloadSize, dnssecOk: false, options },
  });
  const asker = new Client();
  asker.octets.set([127, 0, 0, 1]);
  asker.port = 1024;
  asker.isStream = true;
  stampClient(asker, systemClock);
  const out = new Uint8Array(MAX_MESSAGE_SIZE);
  const size = responder.respond(query, 0, query.length, asker, out, 0);
  const reply = decodeMessage(out.subarray(0, size));
  if (typeof reply === 'string') throw new Error(`our own reply is malformed: ${reply}`);
  return reply;
}

interface Steered {
  readonly zone: string | null;
  readonly owner: string | null;
  readonly policy: string | null;
}

/** The zone that answers, and the GSLB record that the name, or the last CNAME of the reply, leads to. */
function findSteered({ images: zones, set }: Zones, name: Uint8Array, type: number, reply: Message): Steered {
  const targets = reply.answers.filter((record) => record.type === TYPE.CNAME).map((record) => record.rdata);
  const queryName = new QueryName();
  const found = new Found();
  let zone: string | null = null;
  let steered: Omit<Steered, 'zone'> = { owner: null, policy: null };
  for (const candidate of [name, ...targets]) {
    queryName.read(candidate, 0, candidate.length);
    const index = set.find(queryName, type);
    if (index < 0) break;
    const image = zones[index]!;
    zone ??= nameToText(image.octets, image.nameOffset(0));
    lookup(image, queryName, type, found);
    if (found.kind === FOUND.GSLB) {
      steered = { owner: nameToText(candidate), policy: image.policyNames[image.rrsetWord(found.rrset, RRSET.REFS)] ?? null };
    }
  }
  return { zone, ...steered };
}
