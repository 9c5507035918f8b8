// What a lookup finds: one reusable record of numbers, overwritten by each lookup.

/** The cases of RFC 1034 section 4.3.2, plus the steering record. */
export const FOUND = {
  /** `rrset` holds the records asked for. */
  DATA: 0,
  /** `rrset` is a CNAME at the name. */
  CNAME: 1,
  /** `rrset` is a DNAME above the name, at `node`. */
  DNAME: 2,
  /** The name exists (perhaps as an empty non-terminal, perhaps through a wildcard), the type does not. */
  NODATA: 3,
  NXDOMAIN: 4,
  /** `node` is the zone cut at or above the name, `rrset` its NS RRset. */
  REFERRAL: 5,
  /** A or AAAA at a name that carries a GSLB record: `rrset` is the GSLB RRset. */
  GSLB: 6,
  /** The name is neither the apex nor below it: no answer comes from this zone. */
  OUTSIDE: 7,
} as const;

export class Found {
  /** One of FOUND. */
  kind = 0;
  /**
   * The node the answer comes from: the exact match, the wildcard, the cut, the DNAME owner; for NXDOMAIN the closest
   * encloser; of no meaning for OUTSIDE.
   */
  node = 0;
  /** RRset index; -1 for NODATA, NXDOMAIN and OUTSIDE. */
  rrset = 0;
  /** 1 if `node` is a wildcard that the name was matched through: the owner in the reply is the name asked for. */
  wildcard = 0;
}
