// Numbers and times for people, the way `meridian status` writes them.

const UNITS: readonly (readonly [ms: number, unit: string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
];

/** `0.4 s`, `12 s`, `3 min`, `2 h`, `4 d`. */
export function lengthText(ms: number): string {
  if (ms < 10_000) return `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
  const [unitMs, unit] = UNITS.find(([least]) => ms >= least)!;
  return `${Math.floor(ms / unitMs)} ${unit}`;
}

/** Without tenths, for what is looked at only now and then. */
export const roundLengthText = (ms: number): string => (ms < 10_000 ? `${Math.round(Math.max(0, ms) / 1000)} s` : lengthText(ms));

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

/** Time of day in the reader's own time zone; with the date if it is not of the last half day. */
export const timeText = (atMs: number, nowMs: number): string => (Math.abs(nowMs - atMs) < 43_200_000 ? clock : day).format(atMs);

export function rateText(perSec: number): string {
  if (perSec >= 10_000) return `${(perSec / 1000).toFixed(1)}k`;
  if (perSec >= 100 || Number.isInteger(perSec)) return perSec.toFixed(0);
  return perSec.toFixed(1);
}

/** A number of the operator's unit: four digits at most where that loses nothing that matters. */
export const amountText = (amount: number): string =>
  new Intl.NumberFormat('en-GB', { maximumSignificantDigits: 4 }).format(amount);

const countryNames = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'code' });

export const countryName = (code: string): string => (/^[A-Z]{2}$/.test(code) ? (countryNames.of(code) ?? code) : code);

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

/** As it is, or its beginning and its end: where names are alike they differ there. */
export function shortText(text: string, mostLength: number): string {
  if (text.length <= mostLength) return text;
  const half = (mostLength - 1) / 2;
  return `${text.slice(0, Math.ceil(half))}…${text.slice(-Math.floor(half))}`;
}

/** `a`, `a and b`, `a, b and c`; beyond `most`, `a, b and 7 more`. */
export function listText(words: readonly string[], most = 5): string {
  const shown = words.length <= most ? words : [...words.slice(0, most - 1), `${words.length - most + 1} more`];
  return shown.length < 2 ? (shown[0] ?? '') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}
