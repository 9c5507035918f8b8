// What `virtual:world-map` exports; build/world-map.ts makes it.

/** A country as the map draws it. */
export interface MapCountry {
  /** ISO 3166-1 alpha-2, or XK. */
  readonly code: string;
  /** Outline, as the `d` of an SVG path in units of the map. */
  readonly d: string;
}
