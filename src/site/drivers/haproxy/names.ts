// What may stand in a configuration or an order to HAProxy. Both are lines of words, so a name or path with a space, a quote or a line
// end would be another setting: whatever is not plainly harmless is refused, never escaped.

import { formatAddress, parseAddress } from '../../../base/address.ts';

/** Letters, digits and `-_.:` are what HAProxy itself takes as names. */
const NAME = /^[A-Za-z0-9_.:-]{1,64}$/;
const PATH = /^\/[A-Za-z0-9_./+@-]{0,200}$/;
/** No `$` and `%`: HAProxy puts other things in their place. */
const URL_PATH = /^\/[A-Za-z0-9_./~*+,=:@?-]{0,500}$/;
/** A Unix socket has 107; HAProxy appends a number and `.tmp` while it makes one. */
export const MOST_DIRECTORY_CHARACTERS = 70;

export const isName = (text: string): boolean => NAME.test(text);
export const isPath = (text: string): boolean => PATH.test(text);
export const isUrlPath = (text: string): boolean => URL_PATH.test(text);

/** `192.0.2.1:80` or `[2001:db8::1]:80`; undefined if either part is wrong. */
export function endpointOf(address: string, port: number): string | undefined {
  const parsed = parseAddress(address);
  if (parsed === undefined || !Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  const text = formatAddress(parsed.octets, parsed.family);
  return parsed.family === 4 ? `${text}:${port}` : `[${text}]:${port}`;
}
