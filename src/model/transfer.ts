// Who may take whole zones from this server, and the keys by which such clients prove who they are.

import type { Cidr } from '../base/address.ts';
import type { Endpoint } from './endpoint.ts';

/** The algorithms that are offered (RFC 8945 section 6); SHA-1 and MD5 are not. */
export type TsigAlgorithm = 'hmac-sha256' | 'hmac-sha384' | 'hmac-sha512';

/** A secret shared with another server. The secret must not reach a log, a message or a report. */
export interface TsigKey {
  /** Wire name, lower case. */
  readonly name: Uint8Array;
  readonly algorithm: TsigAlgorithm;
  readonly secret: Uint8Array;
}

/**
 * Permission to transfer one zone: the address must be in `allow` unless that is empty, and the query must be signed by one
 * of `keys` unless that is empty. At least one of the two is not empty.
 */
export interface TransferRule {
  /** Absolute wire name of the zone's apex, lower case. */
  readonly origin: Uint8Array;
  readonly allow: readonly Cidr[];
  /** Indexes into TransferSettings.keys. */
  readonly keys: readonly number[];
  /** Servers that are told when the zone has changed; signed with the first of `keys` if there is one. */
  readonly notify: readonly Endpoint[];
}

export interface TransferSettings {
  readonly keys: readonly TsigKey[];
  readonly rules: readonly TransferRule[];
}

/** HMAC (RFC 2104) over the concatenation of `parts`, with the key's algorithm and secret. */
export type Hmac = (key: TsigKey, parts: readonly Uint8Array[]) => Uint8Array;
