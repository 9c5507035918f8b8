// How the share of one member grows after it has come back, as answers tell it: the ones with it among all, in bins of time,
// relative to an even share. Pure.

export interface Sample {
  readonly member: number;
  readonly atMs: number;
}

/** Shares of an even share, in percent, in `bins` equal bins from `startMs`; NaN in a bin without answers. */
export function rampOf(
  samples: readonly Sample[],
  member: number,
  members: number,
  startMs: number,
  binMs: number,
  bins: number,
) {
  const all = new Array<number>(bins).fill(0);
  const own = new Array<number>(bins).fill(0);
  for (const sample of samples) {
    const bin = Math.floor((sample.atMs - startMs) / binMs);
    if (bin < 0 || bin >= bins) continue;
    all[bin]!++;
    if (sample.member === member) own[bin]!++;
  }
  return own.map((count, bin) => Math.round((100 * members * count) / all[bin]!));
}
