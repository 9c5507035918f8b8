// The geography that all servers of a comparison share: the IPv4 part of the bundled country database (DB-IP, CC BY 4.0),
// written once more in the schema that every server reads (GeoIP2 Country). Each continent has an address of its own.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COUNTRIES } from '../src/geo/centroids.ts';
import type { GeoDatabase } from '../src/geo/mmdb.ts';
import { bundledCountryDatabase, openDatabase } from '../src/geo/open.ts';
import { assembleMmdb } from '../test/support/mmdb-writer.ts';
import { Random } from '../test/support/random.ts';

/** continent -> the answer for its clients, and for clients without one. */
export const ANSWERS = {
  AF: '192.0.2.1',
  AN: '192.0.2.2',
  AS: '192.0.2.3',
  EU: '192.0.2.4',
  NA: '192.0.2.5',
  OC: '192.0.2.6',
  SA: '192.0.2.7',
} as const;
export type Continent = keyof typeof ANSWERS;
export const CONTINENTS = Object.keys(ANSWERS) as Continent[];
export const FALLBACK_ANSWER = '192.0.2.8';

export interface World {
  /** MMDB file of type GeoLite2-Country. */
  readonly databaseFile: string;
  /** Networks /24 as three octets, drawn at random from those whose continent is known, and the answer for each. */
  readonly clients: readonly { readonly octets: readonly number[]; readonly answer: string }[];
}

const CLIENTS = 50_000;

export function writeWorld(directory: string): World {
  const database = openDatabase(bundledCountryDatabase());
  if (!database.ok) throw new Error(database.error.message);
  const { tree, countries, continentAt } = copyTree(database.value);
  const records = countries.map((country) => ({ continent: { code: continentOf(country) }, country: { iso_code: country } }));
  const octets = assembleMmdb({ tree, records, recordBits: 28, ipVersion: 4, databaseType: 'GeoLite2-Country' });
  const databaseFile = join(directory, 'world.mmdb');
  writeFileSync(databaseFile, octets);
  return { databaseFile, clients: drawClients(continentAt) };
}

const continentOf = (country: string): Continent => COUNTRIES.get(country)!.continent as Continent;

interface Copy {
  /** As assembleMmdb takes it. */
  readonly tree: number[];
  readonly countries: readonly string[];
  /** By the first three octets of an address; undefined where the network is unknown or longer than /24. */
  readonly continentAt: readonly (Continent | undefined)[];
}

/** The IPv4 networks, with countries as their records. */
function copyTree(database: GeoDatabase): Copy {
  const tree: number[] = [];
  const countries: string[] = [];
  const continentAt: (Continent | undefined)[] = new Array(2 ** 24);
  /** Copies what is below a position; returns the entry that leads there. */
  const copy = (position: number, first: number, depth: number): number => {
    if (position >= 0) {
      const node = tree.length;
      tree.push(0, 0);
      tree[node] = copy(database.child(position, 0), first, depth + 1);
      tree[node + 1] = copy(database.child(position, 1), (first | (1 << (31 - depth))) >>> 0, depth + 1);
      return node / 2;
    }
    const country = database.facts[~position]!.country;
    if (country === null) return ~0;
    if (depth <= 24) continentAt.fill(continentOf(country), first >>> 8, (first >>> 8) + 2 ** (24 - depth));
    const known = countries.indexOf(country);
    return ~(1 + (known >= 0 ? known : countries.push(country) - 1));
  };
  copy(database.root(4), 0, 0);
  return { tree, countries, continentAt };
}

function drawClients(continentAt: readonly (Continent | undefined)[]): World['clients'] {
  const random = new Random(2024);
  const clients: World['clients'][number][] = [];
  while (clients.length < CLIENTS) {
    const net = random.below(2 ** 24);
    const continent = continentAt[net];
    if (continent !== undefined) clients.push({ octets: [net >> 16, (net >> 8) & 255, net & 255], answer: ANSWERS[continent] });
  }
  return clients;
}
