// How much one zone may hold. A limit exists so that a wrong or hostile file ends in an error instead of in exhausted
// memory; each is far above what real zones need.

export interface ZoneLimits {
  /** Octets of text read in total: the file, every inclusion each time it is included, and every line $GENERATE makes. */
  readonly textOctets: number;
  /** Octets of owner names and RDATA kept; offsets into them are 32 bits wide. */
  readonly dataOctets: number;
  /** Records in the zone. */
  readonly records: number;
  /** Files inside one another; the zone's own file has depth 0. */
  readonly includeDepth: number;
  /** Files included in total; the file column of ZoneRecords is 16 bits wide. */
  readonly includes: number;
  /** Records that one $GENERATE makes: a /16 of addresses. */
  readonly generateCount: number;
}

export const DEFAULT_LIMITS: ZoneLimits = {
  textOctets: 512 * 1024 * 1024,
  dataOctets: 1024 * 1024 * 1024,
  records: 10_000_000,
  includeDepth: 8,
  includes: 10_000,
  generateCount: 65_536,
};

/**
 * Records in one RRset. Larger ones are refused because each costs every query that meets it (CVE-2024-1737 against BIND,
 * whose limit is 100 since); a thousand addresses still fit one TCP reply.
 */
export const MAX_RRSET_RECORDS = 1000;

/** Octets of one RRset in a reply, each record behind a compressed owner: what 65,535 leave beside header, question and OPT. */
export const MAX_RRSET_OCTETS = 65_000;

/** Aliases followed in a row. Resolvers give up after 8 (Unbound before 1.17) to 16 (BIND); a longer chain works for some only. */
export const MAX_ALIAS_CHAIN = 8;

/** Errors listed for one zone, and warnings: beyond this only their number is told. */
export const MAX_PROBLEMS = 100;

/** Errors after which the text is not read on: it is no zone file, and each error takes time to describe. */
export const MAX_COUNTED_ERRORS = 10_000;
