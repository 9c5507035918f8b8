// Great-circle distance on a sphere. The haversine form stays exact for near points, where the law of cosines loses digits.
// Source: R. W. Sinnott, "Virtues of the Haversine", Sky and Telescope 68 (1984).

/** Mean Earth radius of the IUGG, (2a + b) / 3, in kilometres. */
const EARTH_RADIUS_KM = 6371.0088;
const RADIANS_PER_DEGREE = Math.PI / 180;

/** Kilometres between two points given in degrees, 0..20015. */
export function distanceKm(latitudeA: number, longitudeA: number, latitudeB: number, longitudeB: number): number {
  const sinLatitude = Math.sin(((latitudeB - latitudeA) * RADIANS_PER_DEGREE) / 2);
  const sinLongitude = Math.sin(((longitudeB - longitudeA) * RADIANS_PER_DEGREE) / 2);
  const cosines = Math.cos(latitudeA * RADIANS_PER_DEGREE) * Math.cos(latitudeB * RADIANS_PER_DEGREE);
  const h = sinLatitude * sinLatitude + cosines * sinLongitude * sinLongitude;
  // rounding may carry antipodes past 1, where asin is not a number
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.sqrt(Math.min(1, h)));
}
