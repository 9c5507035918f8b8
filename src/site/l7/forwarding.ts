// What a server is told about the client: X-Forwarded-For, -Proto, -Host and Forwarded (RFC 7239). Only the word of trusted proxies is
// passed on; what anybody else says of where a request came from is dropped, or every client could choose its address.

import { addressKey } from '../../balance/key.ts';
import { formatAddress, parseAddress } from '../../base/address.ts';
import type { PrefixSet } from '../../base/prefix-set.ts';
import type { HttpForwarding } from '../../model/site-http.ts';
import type { ClientAddress } from '../client-network.ts';
import type { Peer } from './client.ts';
import type { Plan } from './context.ts';
import type { RequestHead } from './request-head.ts';

/** More proxies than anybody has in a row. */
const MOST_HOPS = 32;

/** The client behind trusted proxies: the last address in their list that is none of theirs. The peer, if it is not one of them. */
export function originOf(head: RequestHead, peer: Peer, { settings: { forwarding }, trusted }: Plan): ClientAddress {
  if (!trusted.has(peer.family, peer.octets)) return peer;
  let origin: ClientAddress = peer;
  for (const hop of hopsOf(head, forwarding).slice(-MOST_HOPS).reverse()) {
    const address = addressOf(hop);
    if (address === undefined) return origin; // `unknown`, or a name that a proxy made up: what is before it is hearsay
    origin = address;
    if (!trusted.has(address.family, address.octets)) return origin;
  }
  return origin;
}

/** What hashing algorithms and rate limits know a client by. */
export const clientKey = ({ family, octets }: ClientAddress, { settings }: Plan): number =>
  addressKey(octets, family === 4 ? settings.keyPrefixV4 : settings.keyPrefixV6);

/** The lines for the server, each with its CR LF. */
export function forwardingLines(head: RequestHead, peer: Peer, forwarding: HttpForwarding, trusted: PrefixSet): string {
  const isTrusted = trusted.has(peer.family, peer.octets);
  const proto = (isTrusted ? protoOf(head.forwardedProto) : null) ?? peer.scheme;
  const host = (isTrusted ? head.forwardedHost : null) ?? head.authority;
  const before = isTrusted ? hopsOf(head, forwarding).slice(-MOST_HOPS) : [];
  let lines = '';
  if (forwarding.xForwarded) {
    lines = 'x-forwarded-for: ';
    for (const hop of before) lines += `${hop}, `;
    lines += `${peer.text}\r\nx-forwarded-proto: ${proto}\r\nx-forwarded-host: ${host}\r\n`;
  }
  if (forwarding.forwarded) {
    // Of two accounts only one is believed; the other is made of it (RFC 7239 section 7.4).
    const elements = forwarding.xForwarded
      ? before.map((hop) => `for=${node(hop)}`)
      : elementsOf(isTrusted ? head.forwarded : null);
    elements.push(`for=${node(peer.text)};host="${host.replace(/["\\]/g, '')}";proto=${proto}`);
    lines += `forwarded: ${elements.join(', ')}\r\n`;
  }
  return lines;
}

/** Addresses that proxies in front tell of, the first one first, as they write them. */
function hopsOf(head: RequestHead, forwarding: HttpForwarding): string[] {
  if (!forwarding.xForwarded && forwarding.forwarded) {
    return elementsOf(head.forwarded).map((element) => /(?:^|;)\s*for="?([^";,]*)/i.exec(element)?.[1] ?? 'unknown');
  }
  if (head.forwardedFor === null) return [];
  return head.forwardedFor
    .split(',')
    .map((hop) => hop.trim())
    .filter((hop) => /^[\w.:[\]-]{1,80}$/.test(hop));
}

const elementsOf = (forwarded: string | null): string[] =>
  forwarded === null ? [] : (forwarded.match(/(?:"(?:[^"\\]|\\.)*"|[^",])+/g) ?? []).map((element) => element.trim());

const protoOf = (proto: string | null): string | null => (proto === 'http' || proto === 'https' ? proto : null);

/** Without brackets and port. */
function addressOf(hop: string): ClientAddress | undefined {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(hop);
  if (bracketed !== null) return parseAddress(bracketed[1]!);
  return parseAddress(hop) ?? parseAddress(hop.replace(/:\d+$/, ''));
}

/** As a node of RFC 7239 section 6: IPv6 in brackets and quotes. */
function node(text: string): string {
  const address = addressOf(text);
  if (address === undefined) return 'unknown';
  const plain = formatAddress(address.octets, address.family);
  return address.family === 6 ? `"[${plain}]"` : plain;
}
