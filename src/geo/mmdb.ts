// One geographic database in memory. Opening it reads every network and decodes every record once, so that whatever is
// wrong with the file is known before it is used, and nothing that uses it can fail.
// Format: MaxMind DB File Format Specification 2.0. Records are decoded by `maxmind`; its traps (field notes: IPv6 in an
// IPv4-only file gives a wrong answer, damaged files throw at lookup) end here.

import maxmind, { type Response } from 'maxmind';
import { type Family, formatAddress, parseAddress } from '../base/address.ts';
import type { Problem } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type Facts, factsOf, fieldNames, NO_FACTS } from './facts.ts';
import { SearchTree, visitNetworks } from './search-tree.ts';

/** Sixteen zero octets stand between tree and data. */
const SEPARATOR_OCTETS = 16;
const METADATA_MARKER = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');
/** Decoded values that `maxmind` may keep while a file is opened. */
const DECODER_CACHE_ENTRIES = 4096;
/** A prime, so that records a fixed distance apart do not meet. */
const FACTS_CACHE_ENTRIES = 4093;
/** Asked of both walks, ours and the library's, which must agree. */
const CANARIES = ['8.8.8.8', '1.1.1.1', '81.2.69.142', '200.160.0.8', '196.25.1.1', '0.0.0.0', '255.255.255.255'];
const CANARIES_V6 = ['2001:4860:4860::8888', '2a00:1450::1', '2001:200::1', '2c0f:fb50::1'];

/** What is kept of a database to judge its successor. Shares are of the whole IPv4 space and of 2000::/3. */
export interface DatabaseSummary {
  readonly sizeOctets: number;
  readonly knownShareV4: number;
  readonly knownShareV6: number;
}

type LibraryReader = maxmind.Reader<Response>;

/**
 * A checked database. A walk holds a *position*: a node (>= 0) or the end of the way (< 0), where `~position` indexes
 * `facts`.
 */
export class GeoDatabase {
  readonly file: string;
  /** As the file names itself, such as `GeoLite2-City`. */
  readonly databaseType: string;
  readonly builtAt: Date;
  readonly summary: DatabaseSummary;
  /** Distinct facts; index 0 is NO_FACTS. */
  readonly facts: readonly Facts[];
  /** Whether any record tells a country, continent or coordinates. */
  readonly hasPlaces: boolean;
  readonly hasAsns: boolean;
  readonly #tree: SearchTree;
  readonly #factsAt: FactsAt;

  constructor(file: string, reader: LibraryReader, tree: SearchTree, scan: Scan, sizeOctets: number) {
    this.file = file;
    this.databaseType = String(reader.metadata.databaseType);
    this.builtAt = reader.metadata.buildEpoch;
    this.summary = { sizeOctets, knownShareV4: scan.knownShareV4, knownShareV6: scan.knownShareV6 };
    this.facts = scan.facts;
    this.hasPlaces = scan.facts.some((facts) => facts.country !== null || facts.continent !== null || facts.latitude !== null);
    this.hasAsns = scan.facts.some((facts) => facts.asn !== null);
    this.#tree = tree;
    this.#factsAt = scan.factsAt;
  }

  /** Whether the database knows any network of a family. */
  covers(family: Family): boolean {
    return (family === 4 ? this.summary.knownShareV4 : this.summary.knownShareV6) > 0;
  }

  /** Nodes of the search tree. */
  get nodeCount(): number {
    return this.#tree.nodeCount;
  }

  /** Position of the network of all addresses of a family. */
  root(family: Family): number {
    return this.#position(this.#tree.rootOf(family));
  }

  /** Position of one half of a node. The IPv4 networks inside an IPv6 tree count as unknown there. */
  child(node: number, bit: number): number {
    const record = this.#tree.child(node, bit);
    return this.#tree.isAlias(record) ? ~0 : this.#position(record);
  }

  #position(record: number): number {
    if (record < this.#tree.nodeCount) return record;
    return ~(this.#factsAt.get(record) ?? 0);
  }
}

/** Reads a database from the octets of a file; whatever is wrong becomes a problem. */
export function parseDatabase(file: string, octets: Buffer): Result<GeoDatabase, Problem> {
  const damaged = (message: string) => err<Problem>({ severity: 'error', code: 'ERR_GEO_FORMAT', message, file });
  if (octets[0] === 0x1f && octets[1] === 0x8b) return damaged('a gzip archive; unpack it first, a .mmdb file is expected');
  const marker = octets.lastIndexOf(METADATA_MARKER);
  if (marker < 0) return damaged('no MaxMind DB metadata; the file is cut off or of another format');
  try {
    const reader: LibraryReader = new maxmind.Reader<Response>(octets, { cache: new DecoderCache() });
    const { nodeCount, recordSize, ipVersion, searchTreeSize } = reader.metadata;
    if (ipVersion !== 4 && ipVersion !== 6) return damaged(`ip_version must be 4 or 6, found ${String(ipVersion)}`);
    const dataStart = searchTreeSize + SEPARATOR_OCTETS;
    if (!Number.isInteger(nodeCount) || nodeCount < 1 || dataStart > marker) {
      return damaged(`a tree of ${String(nodeCount)} nodes does not fit into ${octets.length} octets; the file is cut off`);
    }
    for (let at = searchTreeSize; at < dataStart; at++) {
      if (octets[at] !== 0) return damaged(`no separator at octet ${searchTreeSize}; the node count or record size is wrong`);
    }
    const tree = new SearchTree(octets, nodeCount, recordSize, ipVersion);
    const scan = new Scan(reader, nodeCount + SEPARATOR_OCTETS, nodeCount + marker - searchTreeSize);
    const complaint = visitNetworks(tree, scan.visit) ?? scan.complaint;
    if (complaint !== undefined) return damaged(complaint);
    const database = new GeoDatabase(file, reader, tree, scan, octets.length);
    if (!database.hasPlaces && !database.hasAsns) {
      const found = `type '${database.databaseType}', fields of the first record: ${scan.firstFields}`;
      const message = `no record holds a country, continent, coordinates or AS number; found ${found}`;
      return err({ severity: 'error', code: 'ERR_GEO_SCHEMA', message, file });
    }
    const disagreement = compareCanaries(reader, database);
    return disagreement === undefined ? ok(database) : damaged(disagreement);
  } catch (error) {
    // the library throws on damaged data: out of range, unknown type, and a full stack on pointers that form a circle
    return damaged(`cannot be decoded: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Of the whole space, by length of the prefix. */
const SHARES = Float64Array.from({ length: 129 }, (_, prefixLen) => 2 ** -prefixLen);

/**
 * Index of the facts by record. Networks are many and countries few: a table of the last record met with the same low bits answers
 * nearly always, at a third of the cost of the map behind it.
 */
class FactsAt {
  readonly #all = new Map<number, number>();
  /** 0 = none: no record of the data section. */
  readonly #records = new Uint32Array(FACTS_CACHE_ENTRIES);
  readonly #indexes = new Uint32Array(FACTS_CACHE_ENTRIES);

  get(record: number): number | undefined {
    const entry = record % FACTS_CACHE_ENTRIES;
    if (this.#records[entry] === record) return this.#indexes[entry];
    const index = this.#all.get(record);
    if (index !== undefined) this.#keep(entry, record, index);
    return index;
  }

  set(record: number, index: number): void {
    this.#all.set(record, index);
    this.#keep(record % FACTS_CACHE_ENTRIES, record, index);
  }

  #keep(entry: number, record: number, index: number): void {
    this.#records[entry] = record;
    this.#indexes[entry] = index;
  }
}

/** Collects the facts of each network that visitNetworks() meets; a record shared by many networks is decoded once. */
class Scan {
  readonly facts: Facts[] = [NO_FACTS];
  readonly factsAt = new FactsAt();
  readonly visit = (record: number, family: Family, octets: Uint8Array, prefixLen: number): void => {
    let index = this.factsAt.get(record);
    if (index === undefined) {
      if (record < this.#firstRecord || record >= this.#endRecord) {
        this.complaint ??= `a network points outside the data section: ${formatAddress(octets, family)}/${prefixLen}`;
        return;
      }
      const value: unknown = this.#reader.get(formatAddress(octets, family));
      this.firstFields ??= fieldNames(value);
      index = this.#intern(factsOf(value));
      this.factsAt.set(record, index);
    }
    if (index === 0) return;
    if (family === 4) this.knownShareV4 += SHARES[prefixLen]!;
    else this.knownShareV6 += 8 * SHARES[prefixLen]!;
  };
  complaint: string | undefined;
  firstFields: string | undefined;
  knownShareV4 = 0;
  knownShareV6 = 0;
  readonly #reader: LibraryReader;
  readonly #firstRecord: number;
  readonly #endRecord: number;
  readonly #indexOf = new Map<string, number>([[Object.values(NO_FACTS).join(), 0]]);

  constructor(reader: LibraryReader, firstRecord: number, endRecord: number) {
    this.#reader = reader;
    this.#firstRecord = firstRecord;
    this.#endRecord = endRecord;
  }

  /** Records that differ in what is not used here (city names, accuracy) share one entry. */
  #intern(facts: Facts): number {
    const key = Object.values(facts).join();
    let index = this.#indexOf.get(key);
    if (index === undefined) {
      index = this.facts.push(facts) - 1;
      this.#indexOf.set(key, index);
    }
    return index;
  }
}

/** A cache without order: emptied when full, since most values are met again at once or never. */
class DecoderCache {
  readonly #values = new Map<string | number, unknown>();

  get(key: string | number): unknown {
    return this.#values.get(key);
  }

  set(key: string | number, value: unknown): void {
    if (this.#values.size >= DECODER_CACHE_ENTRIES) this.#values.clear();
    this.#values.set(key, value);
  }
}

function compareCanaries(reader: LibraryReader, database: GeoDatabase): string | undefined {
  for (const text of reader.metadata.ipVersion === 6 ? [...CANARIES, ...CANARIES_V6] : CANARIES) {
    const { family, octets } = parseAddress(text)!;
    let position = database.root(family);
    let depth = 0;
    for (; position >= 0; depth++) position = database.child(position, (octets[depth >> 3]! >> (7 - (depth & 7))) & 1);
    const [record, libraryDepth] = reader.getWithPrefixLength(text);
    const expected = Object.values(factsOf(record)).join();
    if (depth !== libraryDepth || Object.values(database.facts[~position]!).join() !== expected) {
      return `two readings of ${text} differ: /${depth} and /${libraryDepth}`;
    }
  }
  return undefined;
}
