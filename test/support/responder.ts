// A responder over zone text, a network map and a steering model, asked with octets and answering with decoded messages.

import { type Cidr, type Family, parseAddress, parseCidr } from '../../src/base/address.ts';
import { compileGeo } from '../../src/geo/compile.ts';
import { GeoImage } from '../../src/geo/lookup.ts';
import { parseNetworkMap } from '../../src/geo/network-map.ts';
import { COUNTER, type CounterName, Counters, countersSize } from '../../src/metrics/counters.ts';
import { Client } from '../../src/model/client.ts';
import { EVERYTHING_UP, type HealthView } from '../../src/model/health.ts';
import type { RateLimitSettings } from '../../src/model/snapshot.ts';
import type { SteeringModel } from '../../src/model/steering.ts';
import { sharedLimitsSize } from '../../src/responder/admission.ts';
import { Responder, type ResponderOptions } from '../../src/responder/responder.ts';
import { buildSteering } from '../../src/steering/build.ts';
import { Classifier } from '../../src/steering/classes.ts';
import { SteeringImage } from '../../src/steering/image.ts';
import { decodeMessage, recordToText } from '../../src/wire/message.ts';
import type { DnsRecord, Message } from '../../src/wire/message-types.ts';
import { compileZone } from '../../src/zone/compile.ts';
import { ZoneImage } from '../../src/zone/image.ts';
import { parseZone } from '../../src/zone/parser.ts';
import { type QuerySpec, queryOctets, wireName } from './query-octets.ts';

export function zoneImage(origin: string, text: string): ZoneImage {
  const { records, problems } = parseZone({
    origin: wireName(origin),
    file: 'test.zone',
    text: new TextEncoder().encode(text),
    readInclude: (path) => ({ ok: false, error: `no ${path}` }),
  });
  if (problems.length > 0) throw new Error(JSON.stringify(problems[0]));
  return new ZoneImage(compileZone(records));
}

const NO_STEERING: SteeringModel = { sites: [], pools: [], members: [], policies: [] };

export interface Setup {
  /** Zone text by origin. */
  readonly zones: Readonly<Record<string, string>>;
  readonly model?: SteeringModel;
  /** Lines of a network map. */
  readonly networks?: string;
  readonly health?: HealthView;
  readonly udpPayloadSize?: number;
  readonly identity?: ResponderOptions['identity'];
  readonly idleTimeoutMs?: number;
  readonly cookieSecrets?: readonly Uint8Array[];
  /** Limits on replies over UDP; those left out are generous. */
  readonly rateLimit?: Partial<RateLimitSettings>;
  /** Networks of resolvers whose client subnets are believed. */
  readonly trustedResolvers?: readonly string[];
  /** By zone. */
  readonly usesEcs?: readonly boolean[];
}

export interface Images {
  readonly zones: ZoneImage[];
  readonly geo: GeoImage;
  readonly steering: SteeringImage;
}

export function imagesOf({ zones, model = NO_STEERING, networks = '', health = EVERYTHING_UP }: Setup): Images {
  const classifier = new Classifier(model);
  const { map, problems } = parseNetworkMap('test.map', networks);
  if (problems.length > 0) throw new Error(JSON.stringify(problems[0]));
  const { buffer } = compileGeo({
    databases: [],
    networkMaps: [map],
    networks: classifier.networks,
    cellOf: (place) => classifier.cellOf(place),
  });
  return {
    zones: Object.entries(zones).map(([origin, text]) => zoneImage(origin, text)),
    geo: new GeoImage(buffer),
    steering: new SteeringImage(buildSteering(model, classifier.table(), health)),
  };
}

export interface From {
  readonly address?: string;
  readonly port?: number;
  readonly isStream?: boolean;
  readonly nowSec?: number;
  readonly nowMs?: number;
}

const OUTPUT_SIZE = 0x10000 + 64;
/** Where messages lie in their buffers: not at 0, so that offsets are not mixed up. */
const INPUT_AT = 5;
const OUTPUT_AT = 3;
const FILL = 0xa5;

export const cidrs = (...texts: readonly string[]): Cidr[] => texts.map((text) => parseCidr(text)!);

/** Rate limits for a responder, with a fixed key and, unless it is given, memory of its own. */
export function limitsOf(
  given: Partial<RateLimitSettings>,
  memory?: SharedArrayBuffer,
): NonNullable<ResponderOptions['rateLimit']> {
  const settings: RateLimitSettings = {
    enabled: true,
    excessPerSecond: 100_000,
    excessBurst: 250_000,
    dropOneIn: 0,
    tableSize: 4096,
    allow: [],
    totalExcess: 0,
    total: 0,
    ...given,
  };
  const key = Uint32Array.of(0x243f6a88, 0x85a308d3);
  return { settings, shared: { key, memory: memory ?? new SharedArrayBuffer(sharedLimitsSize(settings)) } };
}

export class TestResponder {
  readonly responder: Responder;
  readonly #counters: Counters;
  readonly #output: Uint8Array = new Uint8Array(OUTPUT_SIZE);

  constructor(setup: Setup) {
    const buffer = new SharedArrayBuffer(countersSize(1));
    this.#counters = new Counters(buffer);
    this.responder = new Responder({
      udpPayloadSize: setup.udpPayloadSize ?? 1232,
      counters: this.#counters.row(0),
      ...(setup.identity === undefined ? {} : { identity: setup.identity }),
      ...(setup.idleTimeoutMs === undefined ? {} : { idleTimeoutMs: setup.idleTimeoutMs }),
      ...(setup.rateLimit === undefined ? {} : { rateLimit: limitsOf(setup.rateLimit) }),
      ...(setup.trustedResolvers === undefined ? {} : { trustedResolvers: cidrs(...setup.trustedResolvers) }),
    });
    this.install(setup);
    this.responder.useCookieSecrets(setup.cookieSecrets ?? []);
  }

  install(setup: Setup): void {
    this.responder.install({ ...imagesOf(setup), usesEcs: setup.usesEcs ?? [] });
  }

  count(name: CounterName): number {
    return this.#counters.total(name);
  }

  /** Every counter that is not 0. */
  counts(): Record<string, number> {
    const names = Object.keys(COUNTER) as CounterName[];
    return Object.fromEntries(names.map((name) => [name, this.count(name)] as const).filter(([, value]) => value !== 0));
  }

  /** The octets of the reply; none if there is none. Checks that nothing is written outside it. */
  ask(message: Uint8Array, from: From = {}): Uint8Array {
    const input = new Uint8Array(INPUT_AT + message.length + 7).fill(FILL);
    input.set(message, INPUT_AT);
    this.#output.fill(FILL);
    const size = this.responder.respond(input, INPUT_AT, message.length, clientOf(from), this.#output, OUTPUT_AT);
    const before = this.#output.subarray(0, OUTPUT_AT);
    if (before.some((octet) => octet !== FILL)) throw new Error('the reply begins too early');
    return this.#output.slice(OUTPUT_AT, OUTPUT_AT + size);
  }

  /** The decoded reply; throws if there is none or it is malformed. */
  query(spec: QuerySpec, from: From = {}): Message {
    return decoded(this.ask(queryOctets(spec), from));
  }
}

export function decoded(reply: Uint8Array): Message {
  const message = decodeMessage(reply);
  if (typeof message === 'string') throw new Error(`malformed reply: ${message}`);
  return message;
}

export function clientOf({ address = '198.51.100.53', port = 40000, isStream = false, nowSec = 0, nowMs = 0 }: From): Client {
  const parsed = parseAddress(address)!;
  const client = new Client();
  client.family = parsed.family satisfies Family;
  client.octets.set(parsed.octets);
  client.port = port;
  client.isStream = isStream;
  client.nowSec = nowSec;
  client.nowMs = nowMs;
  return client;
}

/** Records as `owner TTL type data`, class left out. */
export const lines = (records: readonly DnsRecord[]): string[] =>
  records.map((item) => {
    const [owner, ttl, , type, data] = recordToText(item).split('\t');
    return `${owner} ${ttl} ${type} ${data}`;
  });

/** The client subnet in a reply as `family/source/scope address octets`, or undefined. */
export function ecsOf(message: Message): string | undefined {
  const data = message.edns?.options.find(({ code }) => code === 8)?.data;
  if (data === undefined) return undefined;
  return `${(data[0]! << 8) | data[1]!}/${data[2]}/${data[3]} ${data.subarray(4).join('.')}`.trim();
}

/** Codes of the options in a reply, in order. */
export const optionsOf = (message: Message): number[] => message.edns?.options.map(({ code }) => code) ?? [];

/** INFO-CODE of the Extended DNS Error in a reply, or undefined. */
export function edeOf(message: Message): number | undefined {
  const data = message.edns?.options.find(({ code }) => code === 15)?.data;
  return data === undefined ? undefined : (data[0]! << 8) | data[1]!;
}
