// Random RDATA for each record type that has a codec: valid by construction, so that a codec which refuses it is wrong.

import fc from 'fast-check';
import { labelCount } from '../../src/wire/name.ts';
import { TYPE } from '../../src/wire/rrtype.ts';

type Octets = fc.Arbitrary<Uint8Array>;

const join = (...parts: Octets[]): Octets => fc.tuple(...parts).map((pieces) => concat(pieces));
const concat = (pieces: readonly Uint8Array[]): Uint8Array => Uint8Array.from(pieces.flatMap((piece) => [...piece]));
const raw = (minLength: number, maxLength: number): Octets => fc.uint8Array({ minLength, maxLength });
const constant = (...octets: number[]): Octets => fc.constant(Uint8Array.from(octets));
const u16 = raw(2, 2);
/** A count and that many octets. */
const counted = (minLength: number, maxLength: number): Octets =>
  raw(minLength, maxLength).map((octets) => Uint8Array.of(octets.length, ...octets));
const oneOf = <T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

/** A wire name of any octets, letters more often than not. */
const label = fc
  .oneof(
    fc.stringMatching(/^[a-zA-Z0-9_*-]{1,12}$/).map((text) => new TextEncoder().encode(text)),
    raw(1, 63),
  )
  .map((octets) => Uint8Array.of(octets.length, ...octets));
export const wireName: Octets = fc.array(label, { maxLength: 6 }).map((labels) => {
  const fitting = [...labels];
  while (fitting.reduce((size, one) => size + one.length, 1) > 255) fitting.pop();
  return concat([...fitting, new Uint8Array(1)]);
});

const seconds = fc.integer({ min: 0, max: 0x7fffffff }).map(bigEndian);
function bigEndian(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/** Fields, an octet for the kind of digest, and a digest of the right size. */
const withDigest = (before: Octets, sizes: Record<number, number>, otherKind: number, least: number): Octets =>
  fc.oneof(
    ...Object.entries(sizes).map(([kind, size]) => join(before, constant(Number(kind)), raw(size, size))),
    join(before, constant(otherKind), raw(least, 70)),
  );

const bitmap = (minLength: number): Octets =>
  fc.uniqueArray(fc.integer({ min: 0, max: 0xffff }), { minLength, maxLength: 8 }).map((types) => {
    const windows = new Map<number, number[]>();
    for (const type of types.sort((a, b) => a - b)) {
      const bits = windows.get(type >> 8) ?? [];
      while (bits.length <= (type & 0xff) >> 3) bits.push(0);
      bits[(type & 0xff) >> 3]! |= 0x80 >> (type & 7);
      windows.set(type >> 8, bits);
    }
    return Uint8Array.from([...windows].flatMap(([window, bits]) => [window, bits.length, ...bits]));
  });

const paramValues: Record<number, Octets> = {
  1: fc.array(counted(1, 20), { minLength: 1, maxLength: 4 }).map(concat),
  2: constant(),
  3: u16,
  4: fc.array(raw(4, 4), { minLength: 1, maxLength: 3 }).map(concat),
  5: raw(1, 40),
  6: fc.array(raw(16, 16), { minLength: 1, maxLength: 3 }).map(concat),
  7: fc.constant(new TextEncoder().encode('/q{?dns}')),
  8: constant(),
};

const params: Octets = fc
  .uniqueArray(fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 9, max: 65534 })), { maxLength: 6 })
  .map((keys) => (keys.includes(2) && !keys.includes(1) ? [...keys, 1] : keys).sort((a, b) => a - b))
  .chain((keys) =>
    fc.tuple(
      fc.subarray(keys, { minLength: 0 }),
      fc.tuple(...keys.map((key) => (paramValues[key] ?? raw(0, 40)).map((value) => ({ key, value })))),
    ),
  )
  .map(([needed, list]) => {
    const mandatory = { key: 0, value: Uint8Array.from(needed.flatMap((key) => [key >> 8, key & 0xff])) };
    const all = needed.length > 0 ? [mandatory, ...list] : list;
    return concat(all.flatMap(({ key, value }) => [Uint8Array.of(key >> 8, key, value.length >> 8, value.length), value]));
  });

const prefix: Octets = fc
  .tuple(oneOf(1, 2), fc.boolean(), fc.integer({ min: 0, max: 128 }), raw(0, 16))
  .map(([family, isNegated, prefixLen, octets]) => {
    const size = family === 1 ? 4 : 16;
    const kept = octets.subarray(0, octets.subarray(0, size).findLastIndex((octet) => octet !== 0) + 1);
    return Uint8Array.of(0, family, Math.min(prefixLen, size * 8), kept.length | (isNegated ? 0x80 : 0), ...kept);
  });

const locSize = fc.oneof(
  constant(0),
  fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 9 })).map(([m, e]) => Uint8Array.of((m << 4) | e)),
);
const angle = (degrees: number): Octets =>
  fc.integer({ min: -degrees * 3_600_000, max: degrees * 3_600_000 }).map((ms) => bigEndian(0x80000000 + ms));

const tag = fc.stringMatching(/^[a-zA-Z0-9]{1,15}$/).map((text) => Uint8Array.of(text.length, ...new TextEncoder().encode(text)));
const expression = oneOf('', '!^.*$!sip:a@b!', '/(a)(b)/\\2\\1/i', '!\\!!x!').map((text) =>
  Uint8Array.of(text.length, ...new TextEncoder().encode(text)),
);
const naptrFlags = oneOf('', 's', 'U', 'a1').map((text) => Uint8Array.of(text.length, ...new TextEncoder().encode(text)));

const single = wireName;
const digests = { 1: 20, 2: 32, 3: 32, 4: 48, 5: 32, 6: 32 };
const nonZero = fc.integer({ min: 1, max: 255 }).map((value) => Uint8Array.of(value));
const key = fc.oneof(
  join(constant(3, 13), raw(64, 64)),
  join(constant(3, 14), raw(96, 96)),
  join(constant(3, 15), raw(32, 32)),
  join(constant(3, 16), raw(57, 57)),
  join(constant(3, 8), raw(1, 300)),
);
const tlsa = withDigest(raw(2, 2), { 1: 32, 2: 64 }, 0, 1);
const svcb = join(u16, wireName, params);
const salt = counted(0, 20);

export const RDATA_OF: ReadonlyMap<number, Octets> = new Map([
  [TYPE.A, raw(4, 4)],
  [TYPE.AAAA, raw(16, 16)],
  [TYPE.NS, single],
  [TYPE.CNAME, single],
  [TYPE.DNAME, single],
  [TYPE.PTR, single],
  [TYPE.SOA, join(wireName, wireName, raw(4, 4), seconds, seconds, seconds, seconds)],
  [TYPE.MX, join(u16, wireName)],
  [TYPE.TXT, fc.array(counted(0, 255), { minLength: 1, maxLength: 4 }).map(concat)],
  [TYPE.SRV, join(raw(6, 6), wireName)],
  [TYPE.CAA, join(raw(1, 1), tag, raw(0, 60))],
  [TYPE.NAPTR, join(raw(4, 4), naptrFlags, counted(0, 30), expression, wireName)],
  [TYPE.HINFO, join(counted(0, 255), counted(0, 255))],
  [TYPE.RP, join(wireName, wireName)],
  [TYPE.SSHFP, withDigest(raw(1, 1), { 1: 20, 2: 32 }, 7, 1)],
  [TYPE.TLSA, tlsa],
  [TYPE.SMIMEA, tlsa],
  [TYPE.OPENPGPKEY, raw(1, 300)],
  [TYPE.LOC, join(constant(0), locSize, locSize, locSize, angle(90), angle(180), raw(4, 4))],
  [TYPE.DS, withDigest(raw(3, 3), digests, 99, 1)],
  [TYPE.CDS, fc.oneof(constant(0, 0, 0, 0, 0), withDigest(join(u16, nonZero), digests, 99, 1))],
  [TYPE.DNSKEY, join(u16, key)],
  [TYPE.CDNSKEY, fc.oneof(constant(0, 0, 3, 0, 0), join(u16, key))],
  [
    TYPE.RRSIG,
    wireName.chain((signer) =>
      join(
        u16,
        raw(1, 1),
        fc.integer({ min: labelCount(signer), max: 127 }).map((labels) => Uint8Array.of(labels)),
        seconds,
        raw(10, 10),
        fc.constant(signer),
        raw(1, 256),
      ),
    ),
  ],
  [TYPE.NSEC, join(wireName, bitmap(1))],
  [
    TYPE.NSEC3,
    fc.oneof(
      join(constant(1), raw(3, 3), salt, counted(20, 20), bitmap(0)),
      join(constant(2), raw(3, 3), salt, counted(1, 64), bitmap(0)),
    ),
  ],
  [TYPE.NSEC3PARAM, join(raw(4, 4), salt)],
  [TYPE.CSYNC, join(raw(6, 6), bitmap(0))],
  [TYPE.ZONEMD, withDigest(raw(5, 5), { 1: 48, 2: 64 }, 240, 12)],
  [TYPE.URI, join(raw(4, 4), raw(1, 80))],
  [TYPE.SVCB, svcb],
  [TYPE.HTTPS, svcb],
  [TYPE.APL, fc.array(prefix, { maxLength: 4 }).map(concat)],
]);
