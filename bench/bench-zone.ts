// The zone of the comparison: some thousand names with one address each, and one that is steered where a server can.

import { writeFileSync } from 'node:fs';
import { ORIGIN } from './million-zone.ts';

export const HOSTS = 10_000;
/** The steered name. */
export const WWW = `www.${ORIGIN}`;
export const WWW_TTL_SEC = 30;
export const TTL_SEC = 3600;
/** RDATA of the SOA record. */
export const SOA = `ns1.${ORIGIN}. hostmaster.${ORIGIN}. 1 7200 3600 1209600 300`;
export const NS_ADDRESS = '192.0.2.53';

export const hostLabel = (i: number): string => `h${String(i).padStart(6, '0')}`;
export const hostAddress = (i: number): string => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;

export function writeBenchZone(file: string): void {
  const hosts = Array.from({ length: HOSTS }, (_, i) => `${hostLabel(i)} A ${hostAddress(i)}\n`).join('');
  writeFileSync(file, `$ORIGIN ${ORIGIN}.\n$TTL ${TTL_SEC}\n@ SOA ${SOA}\n@ NS ns1\nns1 A ${NS_ADDRESS}\n${hosts}`);
}
