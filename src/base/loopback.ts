// Addresses that only this machine can reach: 127.0.0.0/8 (RFC 1122 section 3.2.1.3) and ::1 (RFC 4291 section 2.5.3).

/** `address` is numeric, in its usual spelling. IPv4 inside IPv6 counts as IPv4. */
export function isLoopback(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127\.\d+\.\d+\.\d+$/i.test(address);
}
