// What the responder learns of a sender: the address that Node gives as text, in octets, and when the query came.

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
  return parseIpv6(zone < 0 ? text : text.slice(0, zone), client.octets);
}

/** Notes that a query of the client is received now. */
export function stampClient(client: Client, clock: Clock): void {
  client.nowMs = clock.monotonicMs();
  client.nowSec = Math.floor(clock.wallMs() / 1000);
}
