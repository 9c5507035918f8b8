// Probers, a target and a verdict on a simulated clock: real damping and the real quorum around a world that fails as it is
// told to. A day takes some milliseconds. Seeded, so that a run is always the same.

import { checkIntervalMs, type DampingColumns, damp, dampingColumns, OPINION } from '../../src/health/damping.ts';
import { concludes, type QuorumRule, quorumRule, type Tally } from '../../src/health/quorum.ts';
import { DEFAULT_HEALTH } from '../../src/model/health.ts';
import { type Cadence, OUTCOME, type Outcome } from '../../src/model/probe.ts';
import { Random } from './random.ts';

/** The defaults of docs/health.md. */
export const DEFAULT_CADENCE: Cadence = {
  intervalMs: 5000,
  transitionIntervalMs: 1000,
  timeoutMs: 4000,
  connectTimeoutMs: 2000,
  rise: 2,
  fall: 3,
};

/** Each wait is so much shorter or longer, at random. */
const JITTER = 0.1;

export interface CheckFate {
  readonly outcome: Outcome;
  readonly latencyMs: number;
}

export const FINE: CheckFate = { outcome: OUTCOME.OK, latencyMs: 20 };
export const REFUSED: CheckFate = { outcome: OUTCOME.REFUSED, latencyMs: 1 };
export const BLACK_HOLE: CheckFate = { outcome: OUTCOME.TIMEOUT, latencyMs: DEFAULT_CADENCE.timeoutMs };

export interface World {
  readonly vantagePoints: number;
  readonly isGuarded: boolean;
  readonly seed: number;
  readonly lengthMs: number;
  /** What a check of this prober that starts now finds; `chance` is a random number from 0 to 1. */
  fateAt(startMs: number, chance: number, prober: number): CheckFate;
  /** Whether the probers start at times of their own or spread over an interval. */
  readonly isStaggered?: boolean;
}

export interface FlapReport {
  /** When the verdict changed; the first change makes it down. */
  readonly changesMs: readonly number[];
  readonly downMs: number;
}

interface Prober {
  readonly pair: number;
  startMs: number;
}

/** All targets start as up and settled, one region a prober. */
export function watch(world: World): FlapReport {
  const { vantagePoints, seed, lengthMs } = world;
  const random = new Random(seed);
  const chance = (): number => random.uint32() / 2 ** 32;
  const rule = { rise: DEFAULT_CADENCE.rise, fall: DEFAULT_CADENCE.fall, isGuarded: world.isGuarded };
  const quorum = quorumOf(vantagePoints);
  const columns = dampingColumns(vantagePoints);
  columns.opinion.fill(OPINION.UP);
  const probers = Array.from({ length: vantagePoints }, (_, pair): Prober => {
    const phase = world.isStaggered === false ? chance() : (pair + chance() * JITTER) / vantagePoints;
    return { pair, startMs: phase * DEFAULT_CADENCE.intervalMs };
  });
  const changesMs: number[] = [];
  let downMs = 0;
  let isDown = false;
  const fates = probers.map(({ pair, startMs }) => world.fateAt(startMs, chance(), pair));
  for (;;) {
    let prober = probers[0]!;
    for (const other of probers) if (endMs(other, fates) < endMs(prober, fates)) prober = other;
    const nowMs = endMs(prober, fates);
    if (nowMs >= lengthMs) break;
    const { pair, startMs } = prober;
    if (damp(columns, pair, fates[pair]!.outcome, Math.floor(nowMs / 1000) + 1, rule)) {
      const state = concludes(tallyOf(columns), quorum, !isDown);
      if ((state === 'down') !== isDown) {
        if (isDown) downMs += nowMs - changesMs.at(-1)!;
        isDown = !isDown;
        changesMs.push(nowMs);
      }
    }
    const waitMs = checkIntervalMs(columns, pair, DEFAULT_CADENCE) * (1 - JITTER + 2 * JITTER * chance());
    prober.startMs = Math.max(nowMs, startMs + waitMs);
    fates[pair] = world.fateAt(prober.startMs, chance(), pair);
  }
  if (isDown) downMs += lengthMs - changesMs.at(-1)!;
  return { changesMs, downMs };
}

const endMs = ({ pair, startMs }: Prober, fates: readonly CheckFate[]): number => startMs + fates[pair]!.latencyMs;

/** Every prober has a region of its own, and none is ever unknown. */
function tallyOf({ opinion }: DampingColumns): Tally {
  const [fresh, regions] = [opinion.length, opinion.length];
  let [down, notUp] = [0, 0];
  for (const one of opinion) {
    if (one === OPINION.DOWN) down++;
    if (one !== OPINION.UP) notUp++;
  }
  return { fresh, regions, down, regionsDown: down, notUp, regionsNotUp: notUp };
}

function quorumOf(vantagePoints: number): QuorumRule {
  const regions = Array.from({ length: vantagePoints }, (_, i) => `region${i}`);
  return quorumRule(vantagePoints, regions, DEFAULT_HEALTH);
}

/** A target of which every check fails with this probability, whatever the others found. */
export const failing =
  (share: number): World['fateAt'] =>
  (_, chance) =>
    chance < share ? REFUSED : FINE;

export const DAY_MS = 86_400_000;
export const HOUR_MS = 3_600_000;

/** Most changes in one hour, by the clock. */
export function mostInAnHour({ changesMs }: FlapReport): number {
  const counts = new Map<number, number>();
  for (const atMs of changesMs) {
    const hour = Math.floor(atMs / HOUR_MS);
    counts.set(hour, (counts.get(hour) ?? 0) + 1);
  }
  return Math.max(0, ...counts.values());
}
