// How the admin API is reached, by whom, and which orders nobody may give by accident. Checked, plain data, deeply readonly.

import type { Endpoint } from './endpoint.ts';

/** Each may do what those before it may: read; give orders and reload; break the safety rules. */
export const ADMIN_ROLES = ['viewer', 'operator', 'admin'] as const;
export type AdminRole = (typeof ADMIN_ROLES)[number];

/** Who may ask, known by the hash of a random token of 256 bits: the token itself is kept nowhere. */
export interface AdminToken {
  readonly name: string;
  readonly role: AdminRole;
  /** SHA-256 of the token's text, 64 hexadecimal digits in lower case. */
  readonly sha256: string;
}

/** An order that breaks one of these is refused, unless somebody breaks the glass. */
export interface SafetySettings {
  /** Sites that must go on serving; 0 = no rule. */
  readonly leastSites: number;
  /** Of what all sites have, what must go on serving; 0 = no rule. */
  readonly leastCapacityPercent: number;
  /** Of what serves now, what may stop at once; 100 = no rule. */
  readonly mostMovedPercent: number;
}

export interface AdminSettings {
  /** Empty = there is no API. */
  readonly listen: readonly Endpoint[];
  /** PEM files; null = plain HTTP. */
  readonly tls: { readonly certificateFile: string; readonly keyFile: string } | null;
  readonly tokens: readonly AdminToken[];
  /** Who comes over loopback without a token, as long as there are no tokens; null = nobody. */
  readonly loopbackRole: 'viewer' | 'operator' | null;
  /** Names by which browsers may call a loopback address, besides the address itself and localhost. */
  readonly hosts: readonly string[];
  /** For one client address. */
  readonly requestsPerSecond: number;
  readonly safety: SafetySettings;
}
