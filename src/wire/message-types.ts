// The parts of a DNS message as plain objects (RFC 1035 section 4, RFC 6891). Names are uncompressed wire octets.

export interface Question {
  /** Wire name, uncompressed, case as received. */
  readonly name: Uint8Array;
  readonly type: number;
  readonly class: number;
}

export interface DnsRecord {
  /** Wire name, uncompressed, case as received. */
  readonly owner: Uint8Array;
  readonly type: number;
  readonly class: number;
  readonly ttlSec: number;
  /** RDATA with its names uncompressed; not checked against the type. */
  readonly rdata: Uint8Array;
}

export interface EdnsOption {
  readonly code: number;
  readonly data: Uint8Array;
}

export interface Edns {
  readonly udpPayloadSize: number;
  readonly version: number;
  readonly dnssecOk: boolean;
  readonly options: readonly EdnsOption[];
}

export interface Message {
  readonly id: number;
  readonly isResponse: boolean;
  readonly opcode: number;
  /** Authoritative answer, truncated, recursion desired, recursion available, authentic data, checking disabled. */
  readonly flags: Readonly<Record<'aa' | 'tc' | 'rd' | 'ra' | 'ad' | 'cd', boolean>>;
  /** With the upper eight bits from EDNS, if the message has it. */
  readonly rcode: number;
  readonly questions: readonly Question[];
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  /** Without the OPT record, which is `edns`. */
  readonly additionals: readonly DnsRecord[];
  readonly edns?: Edns;
}

export interface QueryFields {
  readonly id: number;
  /** Wire name, uncompressed. */
  readonly name: Uint8Array;
  readonly type: number;
  /** IN unless given. */
  readonly class?: number;
  readonly flags: Readonly<Record<'rd' | 'ad' | 'cd', boolean>>;
  readonly edns?: Omit<Edns, 'version'>;
}
