// Small geographic sources for tests, and the numbering of places that stands in for steering's classifier.

import { type Cidr, parseAddress, parseCidr } from '../../src/base/address.ts';
import { compileGeo } from '../../src/geo/compile.ts';
import { GeoImage, lookupCell } from '../../src/geo/lookup.ts';
import { type GeoDatabase, parseDatabase } from '../../src/geo/mmdb.ts';
import { parseNetworkMap } from '../../src/geo/network-map.ts';
import type { GeoSources } from '../../src/geo/place.ts';
import type { Place } from '../../src/model/place.ts';
import { type MmdbContent, writeMmdb } from './mmdb-writer.ts';

/** A database that must open. */
export function database(content: MmdbContent): GeoDatabase {
  const opened = parseDatabase('test.mmdb', writeMmdb(content));
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}

export function sources(databases: readonly GeoDatabase[], maps: readonly string[] = [], networks: readonly string[] = []) {
  return {
    databases,
    networkMaps: maps.map((text, index) => parseNetworkMap(`${index}.map`, text).map),
    networks: networks.map((text): Cidr => parseCidr(text)!),
  } satisfies GeoSources;
}

/** Gives each distinct place a cell from 2 up, and remembers which. */
export class PlaceCells {
  readonly places: Place[] = [];
  readonly #cells = new Map<string, number>();

  readonly cellOf = (place: Place): number => {
    const key = JSON.stringify(place);
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      cell = this.places.push(place) + 1;
      this.#cells.set(key, cell);
    }
    return cell;
  };

  placeAt(cell: number): Place | undefined {
    return this.places[cell - 2];
  }
}

/** A compiled image, asked by address text: `[cell, depth]`. */
export function compiled(input: GeoSources, cellOf: (place: Place) => number) {
  const { buffer, statistics } = compileGeo({ ...input, cellOf });
  const image = new GeoImage(buffer);
  const look = (text: string): [number, number] => {
    const { family, octets } = parseAddress(text)!;
    const packed = lookupCell(image, family, octets, 0);
    return [packed >>> 8, packed & 255];
  };
  return { image, statistics, look };
}
