// Record types by name and number (IANA registry). Types without a name are written TYPEnnn (RFC 3597).

export const TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  HINFO: 13,
  MX: 15,
  TXT: 16,
  RP: 17,
  AAAA: 28,
  LOC: 29,
  SRV: 33,
  NAPTR: 35,
  DNAME: 39,
  OPT: 41,
  APL: 42,
  DS: 43,
  SSHFP: 44,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  NSEC3: 50,
  NSEC3PARAM: 51,
  TLSA: 52,
  SMIMEA: 53,
  CDS: 59,
  CDNSKEY: 60,
  OPENPGPKEY: 61,
  CSYNC: 62,
  ZONEMD: 63,
  SVCB: 64,
  HTTPS: 65,
  NXNAME: 128,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
  URI: 256,
  CAA: 257,
  /** Meridian's steering record, from the private-use range (RFC 6895 section 3.1). Never leaves the server. */
  GSLB: 65402,
} as const;

const { OPT } = TYPE;
const NAME_OF = new Map<number, string>(Object.entries(TYPE).map(([name, type]) => [type, name]));

/** `A`, `HTTPS`, or `TYPE65280` for a type without a name. */
export const typeName = (type: number): string => NAME_OF.get(type) ?? `TYPE${type}`;

/** The number of `name` in either form and any case; undefined if it is neither a known name nor TYPE0..TYPE65535. */
export function typeFromName(name: string): number | undefined {
  const upper = name.toUpperCase();
  const known = (TYPE as Record<string, number>)[upper];
  if (known !== undefined) return known;
  const generic = /^TYPE(0|[1-9]\d{0,4})$/.exec(upper);
  return generic !== null && Number(generic[1]) <= 0xffff ? Number(generic[1]) : undefined;
}

/** Types that exist only in questions or in the additional section, never in a zone (RFC 6895 section 3.1). */
export const isMetaType = (type: number): boolean => type === OPT || (type >= 128 && type <= 255) || type === 0;
