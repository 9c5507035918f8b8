// Where one address is, from the databases and maps themselves: slow and plain, with the evidence, for `explain`. The trie
// of geo/compile must give the cell of the place found here (tested); how facts combine is written once, in composePlace.
// Precedence: operator maps over databases; among maps the longer prefix, then the later file and line, key by key.

import { basename } from 'node:path';
import { type Cidr, type Family, formatCidr, maskOctets } from '../base/address.ts';
import { NOWHERE, type Place } from '../model/place.ts';
import { COUNTRIES } from './centroids.ts';
import { type Facts, NO_FACTS } from './facts.ts';
import { embeddedIpv4, INVERTED, NOT_EMBEDDED } from './lookup.ts';
import type { GeoDatabase } from './mmdb.ts';
import type { MapFacts, NetworkMap } from './network-map.ts';
import { holds, isPrivate } from './networks.ts';
import { databaseCap, majorityBelow, sourcesFor } from './sources.ts';

export interface GeoSources {
  /** The first that covers a family gives its places, the first other one with AS numbers gives those. */
  readonly databases: readonly GeoDatabase[];
  /** Later ones override earlier ones where prefixes are equal. */
  readonly networkMaps: readonly NetworkMap[];
  /** Networks named in policies; Place.networks indexes them. */
  readonly networks: readonly Cidr[];
}

/** One source's word on an address. */
export interface Evidence {
  /** `file` or `file:line`. */
  readonly source: string;
  readonly network: Cidr;
  readonly facts: Facts | MapFacts;
}

export interface PlaceReport {
  readonly place: Place;
  /** A private network that nothing places: CELL_PRIVATE. */
  readonly isUnplacedPrivate: boolean;
  /** The address that was looked up: the embedded IPv4 address where there is one. */
  readonly family: Family;
  readonly octets: Uint8Array;
  /** Databases first, then map lines from the weakest to the strongest. */
  readonly evidence: readonly Evidence[];
}

/**
 * Place from what the database says and the map lines over it, weakest first. A line overrides key by key; where it
 * contradicts what was known (another country, continent or subdivision), the finer facts fall too: a network moved to JP
 * keeps no coordinates in FR. A subdivision implies its country, a country its continent and, failing coordinates, its
 * centre.
 */
export function composePlace(
  location: Facts,
  asn: number | null,
  lines: readonly MapFacts[],
  networks: readonly number[],
): Place {
  const facts = lines.reduce(applyLine, { ...location, asn, tag: null });
  const known = facts.country === null ? undefined : COUNTRIES.get(facts.country);
  return {
    continent: facts.continent ?? known?.continent ?? null,
    country: facts.country,
    subdivision: facts.subdivision,
    asn: facts.asn,
    latitude: facts.latitude ?? known?.latitude ?? null,
    longitude: facts.longitude ?? known?.longitude ?? null,
    tag: facts.tag,
    networks,
  };
}

function applyLine(under: MapFacts, line: MapFacts): MapFacts {
  const country = line.country ?? line.subdivision?.slice(0, 2) ?? null;
  const isMoved =
    country !== null && under.country !== null
      ? country !== under.country
      : differ(line.continent ?? continentOf(country), under.continent ?? continentOf(under.country));
  const kept = isMoved ? { ...NO_FACTS, asn: under.asn, tag: under.tag } : under;
  const isElsewhere = differ(line.subdivision, kept.subdivision);
  return {
    continent: line.continent ?? kept.continent,
    country: country ?? kept.country,
    subdivision: line.subdivision ?? kept.subdivision,
    asn: line.asn ?? kept.asn,
    latitude: line.latitude ?? (isElsewhere ? null : kept.latitude),
    longitude: line.longitude ?? (isElsewhere ? null : kept.longitude),
    tag: line.tag ?? kept.tag,
  };
}

const differ = (a: string | null, b: string | null): boolean => a !== null && b !== null && a !== b;

const continentOf = (country: string | null): string | null =>
  country === null ? null : (COUNTRIES.get(country)?.continent ?? null);

/** Looks up the address in `octets` (4 or 16) in every source. */
export function placeOf(sources: GeoSources, family: Family, octets: Uint8Array): PlaceReport {
  const position = family === 6 ? embeddedIpv4(octets, 0) : NOT_EMBEDDED;
  if (position !== NOT_EMBEDDED) {
    const start = (position & 255) >> 3;
    const ipv4 = octets.slice(start, start + 4).map((octet) => (position >= INVERTED ? octet ^ 255 : octet));
    return placeOf(sources, 4, ipv4);
  }
  const covering = mapLines(sources, family, octets);
  const networks = sources.networks
    .map((cidr, index) => ({ cidr, index }))
    .filter(({ cidr }) => holds(cidr, family, octets))
    .sort((a, b) => a.cidr.prefixLen - b.cidr.prefixLen)
    .map(({ index }) => index);
  const isInPrivate = isPrivate(family, octets);
  if (isInPrivate && covering.length === 0 && networks.length === 0) {
    return { place: NOWHERE, isUnplacedPrivate: true, family, octets, evidence: [] };
  }
  const { places, asns } = sourcesFor(sources.databases, family);
  const evidence: Evidence[] = [];
  const ask = (database: GeoDatabase | undefined): Facts => {
    if (database === undefined || isInPrivate) return NO_FACTS;
    const found = findInDatabase(database, family, octets);
    if (found.facts !== NO_FACTS) evidence.push(found);
    return found.facts;
  };
  const location = ask(places);
  const asn = ask(asns).asn ?? location.asn;
  const lines = covering.map(({ facts }) => facts);
  const place = composePlace(location, asn, lines, networks);
  return { place, isUnplacedPrivate: false, family, octets, evidence: [...evidence, ...covering] };
}

function mapLines(sources: GeoSources, family: Family, octets: Uint8Array): (Evidence & { facts: MapFacts })[] {
  return sources.networkMaps
    .flatMap(({ file, entries }) =>
      entries
        .filter(({ cidr }) => holds(cidr, family, octets))
        .map(({ cidr, facts, line }) => ({ source: `${file}:${line}`, network: cidr, facts })),
    )
    .sort((a, b) => a.network.prefixLen - b.network.prefixLen);
}

function findInDatabase(database: GeoDatabase, family: Family, octets: Uint8Array): Evidence & { facts: Facts } {
  const cap = databaseCap(family);
  let position = database.root(family);
  let prefixLen = 0;
  for (; position >= 0 && prefixLen < cap; prefixLen++) {
    position = database.child(position, (octets[prefixLen >> 3]! >> (7 - (prefixLen & 7))) & 1);
  }
  if (position >= 0) position = majorityBelow(database, position);
  const network = { family, octets: Uint8Array.from(octets), prefixLen };
  maskOctets(network.octets, prefixLen, octets.length);
  return { source: database.file, network, facts: database.facts[~position]! };
}

/** One line for people: `81.2.64.0/18 country=GB (dbip-country.mmdb)`. */
export function formatEvidence({ source, network, facts }: Evidence): string {
  const said = Object.entries(facts).filter(([, value]) => value !== null);
  return `${formatCidr(network)} ${said.map(([key, value]) => `${key}=${value}`).join(' ')} (${basename(source)})`;
}
