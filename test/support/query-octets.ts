// Queries as octets, well-formed or not: every field can be set to what no encoder would write.

import { nameFromText, ROOT } from '../../src/wire/name.ts';
import { typeFromName } from '../../src/wire/rrtype.ts';

export interface OptSpec {
  readonly udpPayloadSize?: number;
  readonly version?: number;
  /** DO is 0x8000. */
  readonly flags?: number;
  readonly owner?: Uint8Array;
  /** Encoded options, see option(). */
  readonly options?: readonly Uint8Array[];
  /** Overrides RDLENGTH. */
  readonly rdataSize?: number;
}

export interface QuerySpec {
  readonly id?: number;
  /** Second word of the header. */
  readonly flags?: number;
  readonly name?: string | Uint8Array;
  readonly type?: string | number;
  readonly class?: number;
  /** Overrides the four counts of the header. */
  readonly counts?: readonly [number, number, number, number];
  /** Overrides the whole question section. */
  readonly question?: Uint8Array;
  /** Records ahead of the OPT record: answer, authority. */
  readonly records?: readonly Uint8Array[];
  readonly opt?: OptSpec;
  /** Octets behind everything. */
  readonly trailing?: Uint8Array;
}

export const u16 = (value: number): number[] => [(value >> 8) & 0xff, value & 0xff];

export function wireName(text: string): Uint8Array {
  const name = nameFromText(text);
  if (typeof name === 'string') throw new Error(name);
  return name;
}

export const typeNumber = (type: string | number): number =>
  typeof type === 'number' ? type : (typeFromName(type) ?? Number.NaN);

export const option = (code: number, ...data: number[]): Uint8Array => Uint8Array.of(...u16(code), ...u16(data.length), ...data);

/** A client subnet option: FAMILY, SOURCE, SCOPE, address octets. */
export const ecs = (family: number, source: number, address: readonly number[], scope = 0): Uint8Array =>
  option(8, ...u16(family), source, scope, ...address);

export const question = (name: string | Uint8Array, type: string | number, questionClass = 1): Uint8Array =>
  Uint8Array.of(...(typeof name === 'string' ? wireName(name) : name), ...u16(typeNumber(type)), ...u16(questionClass));

export function record(owner: Uint8Array, type: number, rdata: readonly number[], rdataSize = rdata.length): Uint8Array {
  return Uint8Array.of(...owner, ...u16(type), ...u16(1), 0, 0, 0, 60, ...u16(rdataSize), ...rdata);
}

export function optRecord(spec: OptSpec): Uint8Array {
  const rdata = (spec.options ?? []).flatMap((octets) => [...octets]);
  return Uint8Array.of(
    ...(spec.owner ?? ROOT),
    ...u16(41),
    ...u16(spec.udpPayloadSize ?? 1232),
    0,
    spec.version ?? 0,
    ...u16(spec.flags ?? 0),
    ...u16(spec.rdataSize ?? rdata.length),
    ...rdata,
  );
}

export function queryOctets(spec: QuerySpec): Uint8Array {
  const records = spec.records ?? [];
  const counts = spec.counts ?? [1, records.length, 0, spec.opt === undefined ? 0 : 1];
  return Uint8Array.of(
    ...u16(spec.id ?? 0x1234),
    ...u16(spec.flags ?? 0),
    ...counts.flatMap(u16),
    ...(spec.question ?? question(spec.name ?? 'example.test.', spec.type ?? 'SOA', spec.class)),
    ...records.flatMap((octets) => [...octets]),
    ...(spec.opt === undefined ? [] : optRecord(spec.opt)),
    ...(spec.trailing ?? []),
  );
}
