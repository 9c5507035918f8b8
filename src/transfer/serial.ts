// Serial numbers of zones: 32 bits that wrap (RFC 1982).

/** Whether serial `a` comes after `b` (section 3.2). Numbers exactly 2^31 apart have no order: neither comes after the other. */
export const isAfter = (a: number, b: number): boolean => ((a - b) | 0) > 0;
