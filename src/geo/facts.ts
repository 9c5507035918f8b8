// What one record of a geographic database says, whatever its vendor calls the fields. Understands the schemas of MaxMind
// (GeoIP2, GeoLite2 City, Country and ASN; DB-IP uses the same) and the flat ones of IPinfo and ip-location-db.

import { COUNTRIES } from './centroids.ts';

export interface Facts {
  readonly continent: string | null;
  readonly country: string | null;
  readonly subdivision: string | null;
  readonly asn: number | null;
  readonly latitude: number | null;
  readonly longitude: number | null;
}

export const NO_FACTS: Facts = {
  continent: null,
  country: null,
  subdivision: null,
  asn: null,
  latitude: null,
  longitude: null,
};

export const CONTINENTS: ReadonlySet<string> = new Set(['AF', 'AN', 'AS', 'EU', 'NA', 'OC', 'SA']);

/** Highest AS number (RFC 6793). */
export const MAX_ASN = 0xffffffff;

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});

/**
 * Facts of a decoded record. Fields that are missing or malformed are null; codes that name no country (`ZZ`, `EU`) are
 * null too, and a coordinate outside the globe takes its partner with it.
 */
export function factsOf(record: unknown): Facts {
  const flat = fieldsOf(record);
  const location = fieldsOf(flat['location']);
  const countryCode = fieldsOf(flat['country'])['iso_code'] ?? flat['country_code'] ?? flat['country'];
  const country = typeof countryCode === 'string' && COUNTRIES.has(countryCode) ? countryCode : null;
  const continentCode = fieldsOf(flat['continent'])['code'] ?? flat['continent_code'] ?? flat['continent'];
  const latitude = degrees(location['latitude'] ?? flat['latitude'] ?? flat['lat'], 90);
  const longitude = degrees(location['longitude'] ?? flat['longitude'] ?? flat['lng'] ?? flat['lon'], 180);
  const isPlaced = latitude !== null && longitude !== null;
  return {
    continent: typeof continentCode === 'string' && CONTINENTS.has(continentCode) ? continentCode : null,
    country,
    subdivision: subdivisionOf(flat, country),
    asn: asnOf(flat['autonomous_system_number'] ?? flat['asn']),
    latitude: isPlaced ? latitude : null,
    longitude: isPlaced ? longitude : null,
  };
}

/** ISO 3166-2 code; vendors that give names instead of codes (ip-location-db: `California`) have none. */
function subdivisionOf(flat: Fields, country: string | null): string | null {
  const list: unknown = flat['subdivisions'];
  const code = Array.isArray(list) ? fieldsOf(list[0])['iso_code'] : (flat['region_code'] ?? flat['state1']);
  return country !== null && typeof code === 'string' && /^[A-Z0-9]{1,3}$/.test(code) ? `${country}-${code}` : null;
}

/** Number, or text such as `AS13335` (IPinfo). */
function asnOf(value: unknown): number | null {
  const number = typeof value === 'string' && /^(AS)?\d{1,10}$/.test(value) ? Number(value.replace('AS', '')) : value;
  return typeof number === 'number' && Number.isInteger(number) && number > 0 && number <= MAX_ASN ? number : null;
}

function degrees(value: unknown, limit: number): number | null {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Math.abs(number) <= limit ? number : null;
}

/** Names of the fields of a record, for a complaint about a schema that is not understood. */
export const fieldNames = (record: unknown): string => Object.keys(fieldsOf(record)).slice(0, 8).join(', ') || 'none';
