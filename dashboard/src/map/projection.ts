// Where a place lies on the map: the Equal Earth projection (Savric, Patterson, Jenny 2018), in which areas can be compared.
// The countries are projected when the dashboard is built, the sites when it is shown: both with this function.

/** The map in its own units, without Antarctica. */
export const MAP_WIDTH = 1000;
export const MAP_HEIGHT = 443;

/** Coefficients of the projection's polynomial. */
const A1 = 1.340264;
const A2 = -0.081106;
const A3 = 0.000893;
const A4 = 0.003796;
const M = Math.sqrt(3) / 2;

/** Half of the width of the world at the equator, in radii of the globe. */
const HALF_WIDTH = Math.PI / (M * A1);
const SCALE = MAP_WIDTH / (2 * HALF_WIDTH);
/** The northern edge: just above Greenland. */
const TOP_LATITUDE_DEG = 84;

/** Longitude and latitude in radians to radii of the globe, x to the east, y to the north. */
export function equalEarth(lambda: number, phi: number): [number, number] {
  const l = Math.asin(M * Math.sin(phi));
  const l2 = l * l;
  const l6 = l2 * l2 * l2;
  return [
    (lambda * Math.cos(l)) / (M * (A1 + 3 * A2 * l2 + l6 * (7 * A3 + 9 * A4 * l2))),
    l * (A1 + A2 * l2 + l6 * (A3 + A4 * l2)),
  ];
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180;
const TOP = equalEarth(0, radians(TOP_LATITUDE_DEG))[1];

/** Degrees to a point of the map. */
export function project(longitude: number, latitude: number): { readonly x: number; readonly y: number } {
  const [x, y] = equalEarth(radians(longitude), radians(latitude));
  return { x: MAP_WIDTH / 2 + x * SCALE, y: (TOP - y) * SCALE };
}

/** What a projecting library needs to do the same: pixels in a radius, and where longitude and latitude 0 lie. */
export const PROJECTION = { scale: SCALE, translate: [MAP_WIDTH / 2, TOP * SCALE] as const };
