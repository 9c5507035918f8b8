// Charts as SVG text: lines over time, and a map of dots.

export interface Line {
  readonly name: string;
  /** By point of time; values that are no numbers leave a gap. */
  readonly values: readonly number[];
  readonly isDashed?: boolean;
}

const WIDTH = 900;
const HEIGHT = 260;
const LEFT = 56;
const BOTTOM = 30;
const TOP = 10;
/** Ten colours that the colour-blind can tell apart better than most (P. Tol's muted scheme and black). */
const COLOURS = ['#332288', '#117733', '#CC6677', '#44AA99', '#999933', '#882255', '#88CCEE', '#AA4499', '#DDCC77', '#000000'];

export const escapeText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Lines over `minutes`, with a mark at `threshold`; `unit` stands at the axis. */
export function lineChart(lines: readonly Line[], minutes: readonly number[], unit: string, threshold?: number): string {
  const finite = lines.flatMap(({ values }) => values.filter(Number.isFinite));
  const top = niceAbove(Math.max(threshold ?? 0, ...finite) * 1.02);
  const last = minutes.at(-1) || 1;
  const x = (minute: number): number => LEFT + (minute / last) * (WIDTH - LEFT - 10);
  const y = (value: number): number => HEIGHT - BOTTOM - (value / top) * (HEIGHT - BOTTOM - TOP);
  const parts = [`<svg viewBox="0 0 ${WIDTH} ${HEIGHT + 20 * Math.ceil(lines.length / 5)}" role="img">`];
  for (let i = 0; i <= 4; i++) {
    const value = (top * i) / 4;
    parts.push(`<line class="grid" x1="${LEFT}" x2="${WIDTH - 10}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}"/>`);
    parts.push(`<text x="${LEFT - 6}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${round(value)}${unit}</text>`);
    const minute = (last * i) / 4;
    parts.push(`<text x="${x(minute).toFixed(1)}" y="${HEIGHT - 10}" text-anchor="middle">${round(minute)} min</text>`);
  }
  if (threshold !== undefined) {
    parts.push(
      `<line class="limit" x1="${LEFT}" x2="${WIDTH - 10}" y1="${y(threshold).toFixed(1)}" y2="${y(threshold).toFixed(1)}"/>`,
    );
  }
  for (const [i, { name, values, isDashed }] of lines.entries()) {
    const colour = COLOURS[i % COLOURS.length]!;
    let isPenUp = true;
    let path = '';
    for (const [k, value] of values.entries()) {
      if (Number.isFinite(value)) path += `${isPenUp ? 'M' : 'L'}${x(minutes[k]!).toFixed(1)} ${y(value).toFixed(1)}`;
      isPenUp = !Number.isFinite(value);
    }
    parts.push(`<path d="${path}" stroke="${colour}"${isDashed ? ' stroke-dasharray="5 4"' : ''}/>`);
    const legendX = LEFT + (i % 5) * 168;
    const legendY = HEIGHT + 8 + 20 * Math.floor(i / 5);
    parts.push(`<rect x="${legendX}" y="${legendY - 9}" width="14" height="10" fill="${colour}"/>`);
    parts.push(`<text x="${legendX + 20}" y="${legendY}">${escapeText(name)}</text>`);
  }
  return `${parts.join('')}</svg>`;
}

export interface Dot {
  readonly latitude: number;
  readonly longitude: number;
  /** 0..1 of the largest radius, by area. */
  readonly size: number;
  /** 0..1: from grey to red. */
  readonly heat: number;
  readonly title: string;
}

/** Dots on an equirectangular map, and squares for sites. */
export function dotMap(dots: readonly Dot[], sites: readonly { latitude: number; longitude: number; id: string }[]): string {
  const x = (longitude: number): string => (((longitude + 180) / 360) * WIDTH).toFixed(1);
  const y = (latitude: number): string => (((85 - latitude) / 145) * 380).toFixed(1);
  const parts = [`<svg viewBox="0 0 ${WIDTH} 380" role="img"><rect width="${WIDTH}" height="380" class="sea"/>`];
  for (const { latitude, longitude, size, heat, title } of dots) {
    const colour = `rgb(${Math.round(150 + 70 * heat)},${Math.round(150 - 120 * heat)},${Math.round(150 - 120 * heat)})`;
    const radius = (2 + 26 * Math.sqrt(size)).toFixed(1);
    parts.push(`<circle cx="${x(longitude)}" cy="${y(latitude)}" r="${radius}" fill="${colour}" fill-opacity="0.75">`);
    parts.push(`<title>${escapeText(title)}</title></circle>`);
  }
  for (const { latitude, longitude, id } of sites) {
    parts.push(`<rect x="${Number(x(longitude)) - 4}" y="${Number(y(latitude)) - 4}" width="8" height="8" class="site"/>`);
    parts.push(`<text x="${Number(x(longitude)) + 7}" y="${Number(y(latitude)) + 4}">${escapeText(id)}</text>`);
  }
  return `${parts.join('')}</svg>`;
}

const round = (value: number): string => (value >= 100 || value === Math.round(value) ? value.toFixed(0) : value.toFixed(1));

/** The next number of the form 1, 2, 4 or 5 times a power of ten. */
function niceAbove(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 1.5, 2, 4, 5, 8].find((step) => step * power >= value) ?? 10) * power;
}
