// Packets for the fuzzer: packet n of a seed is always the same octets, whatever was sent before it, so that one number is
// enough to send a packet again. A quarter is random octets; the others start as valid queries, for names that exist as well as
// for names that do not, and are then damaged a few times in ways that reach behind the first check.

import { ecs, option, optRecord, queryOctets, question, record, u16, wireName } from '../support/query-octets.ts';
import { Random } from '../support/random.ts';
import { deservesReply } from './check.ts';

/** Random octets, or damage, may make a packet as long as this. */
const MAX_SIZE = 1400;
/** xorshift needs some rounds before neighbouring seeds part. */
const WARM_UP = 8;
const HEADER_SIZE = 12;

const LABELS = [
  '',
  'www.',
  'api.',
  'cdn.',
  'sticky.',
  'x.apps.',
  'shop.',
  'a.legacy.',
  'host.lab.',
  'nowhere.',
  '_tcp.',
  '*.apps.',
];
const ZONES = ['example.test.', 'octets.test.', 'example.net.', 'test.', '.', 'id.server.', 'version.bind.'];
const TYPES = [1, 2, 5, 6, 12, 15, 16, 28, 33, 39, 41, 43, 46, 48, 64, 65, 128, 249, 250, 251, 252, 253, 255, 257, 65280, 65402];
const OPTION_CODES = [3, 5, 8, 9, 10, 11, 12, 13, 14, 15, 18, 19, 100, 65001];
/** Opcodes and flags: mostly a plain query. */
const FLAGS = [0, 0, 0, 0, 0x0100, 0x0130, 0x8000, 0x0800, 0x2000, 0x2800, 0x7800, 0xffff];

const byte = (random: Random): number => random.below(256);

function randomOption(random: Random): Uint8Array {
  switch (random.below(5)) {
    case 0:
      return ecs(1, random.below(34), [...random.octets(random.below(6))], random.below(3) === 0 ? random.below(33) : 0);
    case 1:
      return ecs(2, random.below(130), [...random.octets(random.below(18))]);
    case 2:
      return option(10, ...random.octets(random.pick([7, 8, 8, 8, 12, 16, 24, 24, 40, 41])));
    case 3:
      return option(random.pick(OPTION_CODES));
    default:
      return option(random.pick(OPTION_CODES), ...random.octets(random.below(24)));
  }
}

/** RDATA of a TSIG record (RFC 8945 section 4.2) with a MAC that cannot be right. */
function tsig(random: Random): Uint8Array {
  const mac = random.octets(random.pick([0, 10, 32, 64]));
  const time = [0, 0, ...random.octets(4)];
  const rdata = [...wireName('hmac-sha256.'), ...time, ...u16(300), ...u16(mac.length), ...mac, ...u16(7), ...u16(0), ...u16(0)];
  return record(wireName('key.example.test.'), 250, rdata);
}

function validQuery(random: Random): Uint8Array {
  const name = random.pick(LABELS) + random.pick(ZONES);
  const qclass = random.pick([1, 1, 1, 1, 1, 1, 3, 254, 255]);
  const type = random.below(8) === 0 ? random.below(65536) : random.pick(TYPES);
  const hasTsig = random.below(12) === 0;
  const hasEdns = random.below(3) !== 0;
  const options = Array.from({ length: random.below(4) }, () => randomOption(random));
  const opt = {
    udpPayloadSize: random.pick([0, 511, 512, 1232, 4096, 65535]),
    version: random.below(12) === 0 ? byte(random) : 0,
    flags: random.pick([0, 0x8000, 0x4000, 0x0080, 0xffff]),
    options,
  };
  return queryOctets({
    flags: random.pick(FLAGS),
    name: name.endsWith('..') ? `${name.slice(0, -1)}` : name,
    type,
    class: qclass,
    counts: [1, 0, 0, (hasEdns ? 1 : 0) + (hasTsig ? 1 : 0)],
    ...(hasEdns ? { opt } : {}),
    ...(hasTsig ? { trailing: tsig(random) } : {}),
  });
}

type Damage = (packet: Uint8Array, random: Random) => Uint8Array;

const overwrite = (packet: Uint8Array, at: number, octets: readonly number[]): Uint8Array => {
  const copy = Uint8Array.from(packet);
  for (let i = 0; i < octets.length && at + i < copy.length; i++) copy[at + i] = octets[i]!;
  return copy;
};

const insert = (packet: Uint8Array, at: number, octets: Uint8Array): Uint8Array =>
  Uint8Array.of(...packet.subarray(0, at), ...octets, ...packet.subarray(at));

const anywhere = (packet: Uint8Array, random: Random): number => random.below(packet.length + 1);

const DAMAGES: readonly Damage[] = [
  // Flipped bits.
  (packet, random) => {
    const copy = Uint8Array.from(packet);
    for (let i = random.below(4); i >= 0 && copy.length > 0; i--) copy[random.below(copy.length)]! ^= 1 << random.below(8);
    return copy;
  },
  // Cut off.
  (packet, random) => packet.subarray(0, anywhere(packet, random)),
  // A part of another query in the middle.
  (packet, random) => {
    const other = validQuery(random);
    return insert(packet, anywhere(packet, random), other.subarray(random.below(other.length)));
  },
  // The end of another query.
  (packet, random) => {
    const other = validQuery(random);
    return Uint8Array.of(...packet.subarray(0, anywhere(packet, random)), ...other.subarray(random.below(other.length)));
  },
  // One of the four counts.
  (packet, random) => overwrite(packet, 4 + 2 * random.below(4), u16(random.pick([0, 1, 2, 3, 255, 256, 65535]))),
  // The flags.
  (packet, random) => overwrite(packet, 2, u16(random.below(65536))),
  // A compression pointer, to itself, backwards, forwards or beyond the end.
  (packet, random) => {
    const at = HEADER_SIZE + random.below(Math.max(1, packet.length - HEADER_SIZE));
    return overwrite(packet, at, [0xc0 | random.below(64), random.pick([at, 0, 12, byte(random)])]);
  },
  // A label length.
  (packet, random) => overwrite(packet, anywhere(packet, random), [random.pick([0, 1, 62, 63, 64, 127, 128, 192, 255])]),
  // A 16-bit length or number.
  (packet, random) => overwrite(packet, anywhere(packet, random), u16(random.pick([0, 1, 4, 41, 250, 0x7fff, 0x8000, 0xffff]))),
  // A name of many labels, or of the longest.
  (packet, random) => {
    const label = random.pick([1, 2, 31, 62, 63]);
    const labels = Array.from({ length: random.below(130) }, () => [label, ...random.octets(label)]).flat();
    return Uint8Array.of(...packet.subarray(0, HEADER_SIZE), ...labels.slice(0, 300), ...packet.subarray(HEADER_SIZE));
  },
  // More records behind the end, counted or not.
  (packet, random) => {
    const extra = random.pick([
      optRecord({}),
      tsig(random),
      record(Uint8Array.of(0xc0, 12), 1, [192, 0, 2, 1]),
      question('a.', 1),
    ]);
    return Uint8Array.of(...overwrite(packet, 10, u16(random.below(4))), ...extra);
  },
  // Octets behind the end.
  (packet, random) => Uint8Array.of(...packet, ...random.octets(random.below(600))),
  // A part twice.
  (packet, random) => insert(packet, anywhere(packet, random), packet.subarray(random.below(packet.length + 1))),
];

/** Ids of packets are below. */
export const FUZZ_IDS = 0x8000;

/** Packet `index` of `seed`. Its id, if it is long enough to have one, is `index` modulo FUZZ_IDS. */
export function fuzzPacket(seed: number, index: number): Uint8Array {
  const random = new Random((Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) | 1);
  for (let i = 0; i < WARM_UP; i++) random.uint32();
  let packet: Uint8Array;
  if (random.below(4) === 0) packet = random.octets(random.below(random.pick([13, 40, 600])));
  else {
    packet = validQuery(random);
    for (let i = random.below(4); i > 0; i--) packet = random.pick(DAMAGES)(packet, random);
  }
  return overwrite(packet.subarray(0, MAX_SIZE), 0, u16(index % FUZZ_IDS));
}

/**
 * The packets as one TCP stream (RFC 1035 section 4.2.2), those that end the connection last; now and then a length prefix lies.
 */
export function fuzzStream(seed: number, index: number, packets: readonly Uint8Array[]): Uint8Array {
  const random = new Random((Math.imul(seed, 0xc2b2ae35) ^ Math.imul(index + 1, 0x27d4eb2f)) | 1);
  for (let i = 0; i < WARM_UP; i++) random.uint32();
  const ordered = packets.toSorted((a, b) => Number(deservesReply(b)) - Number(deservesReply(a)));
  const frames = ordered.map((packet) => {
    const length = random.below(100) === 0 ? random.pick([0, 1, 11, packet.length + 1, 4097, 65535]) : packet.length;
    return Uint8Array.of(...u16(length), ...packet);
  });
  return Buffer.concat(frames);
}
