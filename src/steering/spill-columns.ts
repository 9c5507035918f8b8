// Sums and averages over the columns of a map. These functions are given columns and nothing else: compiled once for those, they stay
// compiled whatever map or state the columns are taken from. (A step that looked into those objects itself was interpreted again for
// several steps after each change of health: most of the time of the longest steps.)

/** A step of an average; what is as good as there is there. */
export function towards(value: number, goal: number, part: number): number {
  const lag = goal - value;
  return lag === 0 || Math.abs(lag) < 1e-6 ? goal : value + lag * part;
}

/** The slots in which somebody has a share, or had one: in a large world one in twenty. Columns of shares are zero in all others. */
export function slotsInUse(a: Float64Array, b: Float64Array, c: Float64Array, out: Uint32Array): Uint32Array {
  let count = 0;
  for (let slot = 0; slot < a.length; slot++) {
    if (a[slot] !== 0 || b[slot] !== 0 || c[slot] !== 0) out[count++] = slot;
  }
  return out.subarray(0, count);
}

/** The same for all, in place. */
export function allTowards(inUse: Uint32Array, values: Float64Array, goals: Float64Array, part: number): void {
  for (let i = 0; i < inUse.length; i++) {
    const slot = inUse[i]!;
    values[slot] = towards(values[slot]!, goals[slot]!, part);
  }
}

/** The same with a part for each site, or each item: `of` by slot says which. */
export function eachTowards(
  inUse: Uint32Array,
  values: Float64Array,
  goals: Float64Array,
  of: Uint16Array | Uint32Array,
  parts: Float64Array,
): void {
  for (let i = 0; i < inUse.length; i++) {
    const slot = inUse[i]!;
    values[slot] = towards(values[slot]!, goals[slot]!, parts[of[slot]!]!);
  }
}

export function scaled(values: Float64Array, factor: number): Float64Array {
  return scale(values.slice(), factor);
}

/** In place; the same column. */
export function scale(values: Float64Array, factor: number): Float64Array {
  for (let i = 0; i < values.length; i++) values[i] = values[i]! * factor;
  return values;
}

export function products(a: Float64Array, b: Float64Array): Float64Array {
  const result = new Float64Array(a.length);
  for (let i = 0; i < a.length; i++) result[i] = a[i]! * b[i]!;
  return result;
}

/** By rank, for so many sites: the amounts of items (`amount`) times the shares of their slots. */
export function loadBySite(
  inUse: Uint32Array,
  sites: number,
  itemOfSlot: Uint32Array,
  site: Uint16Array,
  amount: Float64Array,
  share: Float64Array,
): Float64Array {
  const load = new Float64Array(sites);
  for (let i = 0; i < inUse.length; i++) {
    const slot = inUse[i]!;
    load[site[slot]!]! += amount[itemOfSlot[slot]!]! * share[slot]!;
  }
  return load;
}

/** By rank: the load that comes, and goes, as clients that held some shares hold others. */
export function movedLoad(
  inUse: Uint32Array,
  sites: number,
  itemOfSlot: Uint32Array,
  site: Uint16Array,
  amount: Float64Array,
  from: Float64Array,
  to: Float64Array,
): Float64Array {
  const moved = new Float64Array(sites);
  for (let i = 0; i < inUse.length; i++) {
    const slot = inUse[i]!;
    moved[site[slot]!]! += amount[itemOfSlot[slot]!]! * (to[slot]! - from[slot]!);
  }
  return moved;
}

/** By slot: whole amounts, each item's times the share, in `flow`; what they are together is added to `bySite`, by rank. */
export function wholeFlow(
  inUse: Uint32Array,
  itemOfSlot: Uint32Array,
  site: Uint16Array,
  amount: Float64Array,
  share: Float64Array,
  bySite: Float64Array,
  flow: Float64Array,
): Float64Array {
  flow.fill(0);
  for (let i = 0; i < inUse.length; i++) {
    const slot = inUse[i]!;
    flow[slot] = Math.round(amount[itemOfSlot[slot]!]! * share[slot]!);
    bySite[site[slot]!]! += flow[slot]!;
  }
  return flow;
}

/** By rank, in whole amounts: what plans will yet bring, or take, to what clients are seen to hold. */
export function wholePending(
  inUse: Uint32Array,
  sites: number,
  itemOfSlot: Uint32Array,
  site: Uint16Array,
  amount: Float64Array,
  share: Float64Array,
  seen: Float64Array,
): Float64Array {
  const pending = new Float64Array(sites);
  for (let i = 0; i < inUse.length; i++) {
    const slot = inUse[i]!;
    pending[site[slot]!]! += Math.round(amount[itemOfSlot[slot]!]! * (share[slot]! - seen[slot]!));
  }
  return pending;
}
