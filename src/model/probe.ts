// Health checks: what is checked, how, and what one check found. Plain data, deeply readonly; probe/ makes results, health/ and
// fleet/ judge them.

import type { Family } from '../base/address.ts';

/**
 * What one check found. The numbers go into columns of octets (fleet/) and onto the wire (mesh/): they never change meaning.
 * 0 is success, 1..63 are failures of the target; 64 and above say that the prober could not check (no result for the target).
 */
export const OUTCOME = {
  OK: 0,
  REFUSED: 1,
  TIMEOUT: 2,
  UNREACHABLE: 3,
  RESET: 4,
  /** Answered, with another status (HTTP), rcode (DNS) or exit code (exec) than allowed. */
  BAD_STATUS: 5,
  /** Answered, with other content than asked for. */
  BAD_CONTENT: 6,
  /** TLS failed: certificate, name, version. */
  TLS: 7,
  /** What came back is not the protocol. */
  PROTOCOL: 8,
  /** The check host has no usable address. */
  UNRESOLVED: 9,
  /** The prober's own fault: descriptors, memory, permission, its address rules. Never counts against a target. */
  NOT_CHECKED: 64,
} as const;
export type Outcome = (typeof OUTCOME)[keyof typeof OUTCOME];

/** One found fact about a target. */
export interface CheckResult {
  readonly outcome: Outcome;
  /** From the start of the check until it was decided. */
  readonly latencyUs: number;
  /** One line for people, at most 200 characters, e.g. `status 503`, `certificate expires in 6 days`. */
  readonly detail: string;
  /** Where the check keeps it: at most 5,120 octets, as text. */
  readonly body?: string;
}

/** When and how often a target is checked, and how many equal results in a row change a vote. */
export interface Cadence {
  /** Time between starts while the state is settled / while it may be about to change. */
  readonly intervalMs: number;
  readonly transitionIntervalMs: number;
  /** Whole check, from its start. */
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  /** Successes in a row until up, failures in a row until down: at least 1. */
  readonly rise: number;
  readonly fall: number;
}

/** What a check over TLS asks of the server's certificate, and shows of its own. */
interface TlsSettings {
  readonly verify: boolean;
  readonly expiryWarningDays: number;
  readonly caFile: string | null;
  readonly certificateFile: string | null;
  readonly keyFile: string | null;
}

/** The kinds of check with their settings. Text is as the operator wrote it, checked. */
export type CheckKind =
  | { readonly kind: 'tcp' }
  | ({ readonly kind: 'tls'; readonly serverName: string | null } & TlsSettings)
  | ({
      readonly kind: 'http';
      readonly scheme: 'http' | 'https';
      /** `2` speaks HTTP/2: with prior knowledge over http, by ALPN over https. */
      readonly version: '1.1' | '2';
      readonly method: 'GET' | 'HEAD' | 'POST' | 'OPTIONS';
      readonly path: string;
      /** Host header and SNI; null = the address. */
      readonly host: string | null;
      readonly headers: Readonly<Record<string, string>>;
      /** Inclusive ranges of good status codes. */
      readonly statuses: readonly (readonly [number, number])[];
      /** Looked for in the first 5,120 octets of the body; null = not read. */
      readonly body: { readonly text: string } | { readonly pattern: string } | null;
      readonly followRedirects: number;
      /** The beginning of a good body belongs to the result. */
      readonly keepsBody?: boolean;
    } & TlsSettings)
  | {
      readonly kind: 'dns';
      readonly name: string;
      readonly type: string;
      readonly transport: 'udp' | 'tcp';
      /** Names of rcodes that are good, e.g. NOERROR. */
      readonly rcodes: readonly string[];
      /** An answer record with this data must be there; null = any. */
      readonly expect: string | null;
    }
  | { readonly kind: 'udp'; readonly send: Uint8Array /** null = any reply. */; readonly expect: Uint8Array | null }
  | { readonly kind: 'icmp' }
  | {
      readonly kind: 'exec' /** Program and arguments, no shell. `{address}` `{port}` `{family}` are filled in. */;
      readonly argv: readonly string[];
    };

/** A named probe of the configuration. */
export interface ProbeSpec {
  readonly id: string;
  readonly index: number;
  readonly check: CheckKind;
  readonly cadence: Cadence;
  /** Port unless the member says otherwise; null for icmp and exec without one. */
  readonly port: number | null;
  /** How many probers, in different regions as far as there are, look at each target. */
  readonly vantagePoints: number;
}

/** One thing to check: one member over one address family. */
export interface Target {
  /** `member id#4` or `member id#6`: the same for every server that reads the same configuration. */
  readonly key: string;
  readonly index: number;
  readonly member: number;
  readonly family: Family;
  readonly probe: ProbeSpec;
  /** Where the check goes, which may differ from what clients are told: a numeric address or a host name. */
  readonly host: string;
  readonly port: number | null;
}

/** The port that probe/ implements for each kind: never throws, always ends within the time limit. */
export interface Checker {
  check(target: Target, signal: AbortSignal): Promise<CheckResult>;
}
