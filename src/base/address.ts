// IP addresses as octets and as text. Text follows RFC 4291 and RFC 5952; octets are in network order.

export type Family = 4 | 6;

export interface Cidr {
  readonly family: Family;
  /** 4 or 16 octets; bits beyond prefixLen are zero. */
  readonly octets: Uint8Array;
  readonly prefixLen: number;
}

/** Parses dotted decimal into `out[offset..offset+4)`; false if the text is not exactly four decimal octets. */
export function parseIpv4(text: string, out: Uint8Array, offset = 0): boolean {
  let value = 0;
  let digits = 0;
  let part = 0;
  for (let i = 0; i <= text.length; i++) {
    const c = i < text.length ? text.charCodeAt(i) : 46;
    if (c >= 48 && c <= 57) {
      if (digits > 0 && value === 0) return false; // no leading zeros: 010 is ambiguous
      value = value * 10 + c - 48;
      if (++digits > 3 || value > 255) return false;
    } else if (c === 46 && digits > 0 && part < 4) {
      out[offset + part++] = value;
      value = 0;
      digits = 0;
    } else return false;
  }
  return part === 4;
}

/** Parses RFC 4291 text (`::`, embedded IPv4; no zone index) into `out[offset..offset+16)`. */
export function parseIpv6(text: string, out: Uint8Array, offset = 0): boolean {
  const groups: number[] = [];
  let gap = -1;
  let rest = text;
  if (rest.startsWith('::')) {
    gap = 0;
    rest = rest.slice(2);
  }
  while (rest !== '') {
    const colon = rest.indexOf(':');
    const group = colon < 0 ? rest : rest.slice(0, colon);
    if (group.includes('.')) {
      const v4 = new Uint8Array(4);
      if (colon >= 0 || !parseIpv4(group, v4)) return false;
      groups.push((v4[0]! << 8) | v4[1]!, (v4[2]! << 8) | v4[3]!);
      break;
    }
    if (!/^[0-9a-f]{1,4}$/i.test(group)) return false;
    groups.push(Number.parseInt(group, 16));
    if (colon < 0) break;
    rest = rest.slice(colon + 1);
    if (rest.startsWith(':')) {
      if (gap >= 0) return false;
      gap = groups.length;
      rest = rest.slice(1);
    } else if (rest === '') return false;
  }
  if (groups.length > 8 || (gap < 0 ? groups.length !== 8 : groups.length > 7)) return false;
  const zeros = 8 - groups.length;
  for (let i = 0; i < 8; i++) {
    const inGap = gap >= 0 && i >= gap && i < gap + zeros;
    const group = inGap ? 0 : groups[gap >= 0 && i >= gap ? i - zeros : i]!;
    out[offset + 2 * i] = group >> 8;
    out[offset + 2 * i + 1] = group & 0xff;
  }
  return true;
}

/** Parses either family into 4 or 16 octets; undefined if it is neither. */
export function parseAddress(text: string): { family: Family; octets: Uint8Array } | undefined {
  const v4 = new Uint8Array(4);
  if (parseIpv4(text, v4)) return { family: 4, octets: v4 };
  const v6 = new Uint8Array(16);
  return parseIpv6(text, v6) ? { family: 6, octets: v6 } : undefined;
}

/** First 12 octets of an IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2). */
const MAPPED = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);

export const isMappedIpv4 = (octets: Uint8Array, offset = 0): boolean => MAPPED.every((octet, i) => octets[offset + i] === octet);

/** Octets of an address as text: dotted decimal, or the canonical form of RFC 5952 (section 5 for IPv4-mapped ones). */
export function formatAddress(octets: Uint8Array, family: Family, offset = 0): string {
  if (family === 4) return octets.subarray(offset, offset + 4).join('.');
  if (isMappedIpv4(octets, offset)) return `::ffff:${formatAddress(octets, 4, offset + 12)}`;
  const groups = Array.from({ length: 8 }, (_, i) => (octets[offset + 2 * i]! << 8) | octets[offset + 2 * i + 1]!);
  let bestStart = -1;
  let bestLength = 1; // a single zero group is not shortened
  for (let start = 0; start < 8; start++) {
    let end = start;
    while (end < 8 && groups[end] === 0) end++;
    if (end - start > bestLength) {
      bestStart = start;
      bestLength = end - start;
    }
  }
  const hex = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  return bestStart < 0 ? hex(0, 8) : `${hex(0, bestStart)}::${hex(bestStart + bestLength, 8)}`;
}

/** Zeroes all bits of `octets[offset..]` beyond the first `prefixLen`. */
export function maskOctets(octets: Uint8Array, prefixLen: number, length: number, offset = 0): void {
  const whole = prefixLen >> 3;
  if (whole >= length) return;
  octets[offset + whole]! &= (0xff00 >> (prefixLen & 7)) & 0xff;
  for (let i = whole + 1; i < length; i++) octets[offset + i] = 0;
}

/** Parses `address/length` or a bare address (full length); undefined if malformed or if bits beyond the prefix are set. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/');
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const bits = address.octets.length * 8;
  const length = slash < 0 ? String(bits) : text.slice(slash + 1);
  if (!/^(0|[1-9]\d{0,2})$/.test(length) || Number(length) > bits) return undefined;
  const masked = Uint8Array.from(address.octets);
  maskOctets(masked, Number(length), masked.length);
  if (masked.some((octet, i) => octet !== address.octets[i])) return undefined;
  return { family: address.family, octets: masked, prefixLen: Number(length) };
}

export const formatCidr = (cidr: Cidr): string => `${formatAddress(cidr.octets, cidr.family)}/${cidr.prefixLen}`;
