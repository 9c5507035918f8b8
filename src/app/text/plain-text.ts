// Text for people: numbers of things, lengths of time, and what others wrote on one line of its own.

const SEC = 1000;
const MIN = 60 * SEC;
const HOUR = 60 * MIN;
const DAY = 24 * HOUR;

/** `1 zone`, `2 zones`. */
export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

/** A length of time, never longer than it is: `0.4 s`, `12 s`, `5 min`, `1 h 59 min`, `3 d 4 h`. */
export function lengthText(ms: number): string {
  if (ms < SEC) return `${(Math.floor(Math.max(0, ms) / 100) / 10).toFixed(1)} s`;
  const whole = (unitMs: number, unit: string): string => `${Math.floor(ms / unitMs)} ${unit}`;
  if (ms < MIN) return whole(SEC, 's');
  if (ms < HOUR) return whole(MIN, 'min');
  const isDays = ms >= DAY;
  const rest = isDays ? Math.floor((ms % DAY) / HOUR) : Math.floor((ms % HOUR) / MIN);
  const text = isDays ? whole(DAY, 'd') : whole(HOUR, 'h');
  return rest === 0 ? text : `${text} ${rest} ${isDays ? 'h' : 'min'}`;
}

/** Text of somebody else's without control characters: no line breaks, nothing that a terminal would obey. */
export const oneLine = (text: string): string => text.replace(/\p{Cc}+/gu, ' ');
