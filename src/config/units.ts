// Quantities as an operator writes them: durations, sizes, distances. Each parser returns undefined for anything else, so
// that the schema can say what is allowed; a bare number is refused, since it would leave the unit to guessing.

const DURATION = /^(?=\d)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;
const DURATION_UNITS_MS = [86_400_000, 3_600_000, 60_000, 1000, 1];

/** `300ms`, `5s`, `1h30m`: whole numbers of d, h, m, s, ms in this order, each at most once. Milliseconds. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text);
  if (match === null) return undefined;
  return DURATION_UNITS_MS.reduce((sum, unitMs, i) => sum + unitMs * Number(match[i + 1] ?? 0), 0);
}

const SIZE = /^(\d+)(B|KiB|MiB|GiB)$/;
const SIZE_UNITS: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** `1232B`, `64KiB`, `16MiB`, `1GiB`. Octets. */
export function parseSize(text: string): number | undefined {
  const match = SIZE.exec(text);
  return match === null ? undefined : Number(match[1]) * SIZE_UNITS[match[2]!]!;
}

const DISTANCE = /^(\d+(?:\.\d+)?)(km|mi)$/;
/** The international mile, exactly. */
const KM_PER_MILE = 1.609344;

/** `100km`, `62.5mi`. Kilometres. */
export function parseDistance(text: string): number | undefined {
  const match = DISTANCE.exec(text);
  return match === null ? undefined : Number(match[1]) * (match[2] === 'mi' ? KM_PER_MILE : 1);
}
