// The little that the build uses of packages that bring no types.

declare module 'd3-geo' {
  export interface GeoFeature {
    readonly type: 'Feature';
    /** ISO 3166-1 numeric, three digits; missing where there is none. */
    readonly id?: string;
    readonly properties: { readonly name: string };
    readonly geometry: object;
  }
  export interface Projection {
    scale(pixels: number): Projection;
    translate(point: [number, number]): Projection;
    precision(pixels: number): Projection;
  }
  export function geoProjection(raw: (lambda: number, phi: number) => [number, number]): Projection;
  export function geoCentroid(shape: GeoFeature): [number, number];
  export function geoPath(projection: Projection): Path;
  export interface Path {
    digits(count: number): Path;
    (shape: GeoFeature): string | null;
  }
}

declare module 'topojson-client' {
  import type { GeoFeature } from 'd3-geo';
  export interface Topology {
    readonly objects: Readonly<Record<string, object>>;
  }
  export function feature(topology: Topology, object: object): { readonly features: readonly GeoFeature[] };
}
