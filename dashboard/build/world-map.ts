// The module `virtual:world-map`: countries as SVG paths in the units of the map (src/map/projection.ts), made when the dashboard
// is built. Shapes: Natural Earth 1:110m, by way of the package world-atlas; countries too small for it become a dot at the
// centre of their 1:50m shape. The borders are those of Natural Earth and no statement about who owns what.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type GeoFeature, geoCentroid, geoPath, geoProjection } from 'd3-geo';
import countries from 'i18n-iso-countries';
import { feature, type Topology } from 'topojson-client';
import type { Plugin } from 'vite';
import { equalEarth, PROJECTION, project } from '../src/map/projection.ts';
import type { MapCountry } from '../src/map/world-map.d.ts';

const NAME = 'virtual:world-map';
const RESOLVED = `\0${NAME}`;
const ANTARCTICA = 'AQ';
/** Shapes to which the atlas gives no number, by its name of them: where databases of addresses put their networks. */
const WITHOUT_NUMBER: Readonly<Record<string, string>> = { Kosovo: 'XK', 'N. Cyprus': 'CY', Somaliland: 'SO' };
/** Half the diagonal of the smallest shape that is drawn as one, in units of the map; what is smaller becomes a dot. */
const LEAST_EXTENT = 2.2;

export function worldMap(): Plugin {
  return {
    name: 'world-map',
    resolveId: (id) => (id === NAME ? RESOLVED : undefined),
    load: (id) => (id === RESOLVED ? `export const COUNTRIES = ${JSON.stringify(mapCountries())};` : undefined),
  };
}

function mapCountries(): MapCountry[] {
  const projection = geoProjection(equalEarth)
    .scale(PROJECTION.scale)
    .translate([...PROJECTION.translate])
    .precision(0.4);
  const path = geoPath(projection).digits(1);
  const found = new Map<string, MapCountry>();
  for (const shape of shapes('110m')) {
    const code = codeOf(shape);
    if (code === undefined || code === ANTARCTICA) continue;
    const d = `${found.get(code)?.d ?? ''}${path(shape) ?? ''}`;
    found.set(code, { code, d });
  }
  for (const shape of shapes('50m')) {
    const code = codeOf(shape);
    if (code === undefined || code === ANTARCTICA || found.has(code)) continue;
    const { x, y } = project(...geoCentroid(shape));
    found.set(code, { code, d: dot(x, y) });
  }
  return [...found.values()].sort((a, b) => (a.code < b.code ? -1 : 1));
}

/** A circle as a path, so that every country is one path. */
function dot(x: number, y: number): string {
  const r = LEAST_EXTENT / 2;
  return `M${(x - r).toFixed(1)},${y.toFixed(1)}a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0Z`;
}

function shapes(scale: '110m' | '50m'): readonly GeoFeature[] {
  const file = createRequire(import.meta.url).resolve(`world-atlas/countries-${scale}.json`);
  const topology = JSON.parse(readFileSync(file, 'utf8')) as Topology;
  return feature(topology, topology.objects['countries']!).features;
}

function codeOf({ id, properties }: GeoFeature): string | undefined {
  return id === undefined ? WITHOUT_NUMBER[properties.name] : countries.numericToAlpha2(id);
}
