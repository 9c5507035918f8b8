// The server that a command asks, as it is written on the command line.

import { parseAddress } from '../../base/address.ts';

const DNS_PORT = 53;

/** What readServerAddress takes, for messages. */
export const SERVER_FORMS = 'ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT';

/** Reads `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1`, `[2001:db8::1]:5353`; undefined if it is none of these. */
export function readServerAddress(text: string): { server: string; port: number } | undefined {
  if (parseAddress(text) !== undefined) return { server: text, port: DNS_PORT };
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? /^\[([^\]]+)\]()()$/.exec(text);
  const server = match?.[1] ?? match?.[2];
  const port = Number(match?.[3] || DNS_PORT);
  if (server === undefined || parseAddress(server) === undefined || port < 1 || port > 0xffff) return undefined;
  return { server, port };
}
