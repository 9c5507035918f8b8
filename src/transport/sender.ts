// What the responder learns of a sender: its address in octets, and when the query came. An IPv4 client of an IPv6 socket that takes
// both (an adopted one; ours never do) appears as ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2) and is the IPv4 client that it is.

import { parseIpv4, parseIpv6 } from '../base/address.ts';
import type { Clock } from '../base/clock.ts';
import type { Client } from '../model/client.ts';

/** Sets family and octets from address text; a zone index (`fe80::1%eth0`) is dropped. False if it is no IP address. */
export function setClientAddress(client: Client, text: string): boolean {
  if (parseIpv4(text, client.octets)) {
    client.family = 4;
    return true;
  }
  client.family = 6;
  const zone = text.indexOf('%');
  if (!parseIpv6(zone < 0 ? text : text.slice(0, zone), client.octets)) return false;
  unmapClient(client);
  return true;
}

/** Where the IPv4 address is in ::ffff:a.b.c.d. */
const MAPPED_AT = 12;

/** Makes an IPv4 client of an IPv4-mapped IPv6 address in the octets; leaves others as they are. */
export function unmapClient(client: Client): void {
  const { octets } = client;
  for (let i = 0; i < MAPPED_AT - 2; i++) if (octets[i] !== 0) return;
  if (octets[MAPPED_AT - 2] !== 0xff || octets[MAPPED_AT - 1] !== 0xff) return;
  client.family = 4;
  octets.copyWithin(0, MAPPED_AT);
}

/** Notes that a query of the client is received now. */
export function stampClient(client: Client, clock: Clock): void {
  client.nowMs = clock.monotonicMs();
  client.nowSec = Math.floor(clock.wallMs() / 1000);
}
