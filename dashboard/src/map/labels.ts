// Where the names of the sites stand on the map: beside, below or above their signs, and nowhere if they would hide another one.

export interface Labelled {
  readonly id: string;
  /** Of the sign, in pixels of the frame. */
  readonly x: number;
  readonly y: number;
  readonly text: string;
  /** Lower is named first. */
  readonly rank: number;
}

export type Side = 'right' | 'left' | 'below' | 'above';

/** In pixels, as the style sheet has them: the sign with its ring, a line, and what a character takes at most on average. */
const SIGN_SIZE = 26;
const LINE_HEIGHT = 20;
const CHARACTER_WIDTH = 7.2;
const PADDING = 14;
const SIDES: readonly Side[] = ['right', 'left', 'below', 'above'];

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const doMeet = (a: Box, b: Box): boolean =>
  a.left < b.left + b.width && b.left < a.left + a.width && a.top < b.top + b.height && b.top < a.top + a.height;

/** The side of each name that found a place in a frame of `width` pixels, beside `signs`: with or without a name, none is hidden. */
export function placeLabels(
  sites: readonly Labelled[],
  signs: readonly Pick<Labelled, 'x' | 'y'>[],
  width: number,
): ReadonlyMap<string, Side> {
  const taken: Box[] = signs.map(({ x, y }) => signBox(x, y));
  const sides = new Map<string, Side>();
  for (const site of [...sites].sort((a, b) => a.rank - b.rank)) {
    for (const side of SIDES) {
      const box = labelBox(site, side);
      if (box.left < 0 || box.left + box.width > width || taken.some((other) => doMeet(other, box))) continue;
      taken.push(box);
      sides.set(site.id, side);
      break;
    }
  }
  return sides;
}

const signBox = (x: number, y: number): Box => ({
  left: x - SIGN_SIZE / 2,
  top: y - SIGN_SIZE / 2,
  width: SIGN_SIZE,
  height: SIGN_SIZE,
});

function labelBox({ x, y, text }: Labelled, side: Side): Box {
  const width = text.length * CHARACTER_WIDTH + PADDING;
  const size = { width, height: LINE_HEIGHT };
  const top = y - LINE_HEIGHT / 2;
  if (side === 'right') return { ...size, left: x + SIGN_SIZE / 2 + 1, top };
  if (side === 'left') return { ...size, left: x - SIGN_SIZE / 2 - 1 - width, top };
  return { ...size, left: x - width / 2, top: side === 'below' ? y + SIGN_SIZE / 2 + 1 : y - SIGN_SIZE / 2 - 1 - LINE_HEIGHT };
}
