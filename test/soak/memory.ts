// Memory of processes over a soak: resident size by the age of the process, and how fast it grows once it has warmed up. A process
// that is restarted lives several lives; each has a level of its own, and one growth is fitted to all of them (least squares with a
// level per life), so that a restart neither hides nor makes a leak.

import { readFileSync } from 'node:fs';

const KIB = 1024;
const MIB = 1024 * 1024;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

interface Sample {
  readonly pid: number;
  readonly atMs: number;
  readonly residentSize: number;
}

export interface Growth {
  readonly name: string;
  readonly lives: number;
  /** Of the samples that count. */
  readonly samples: number;
  /** From the first to the last of them in the longest life. */
  readonly minutes: number;
  /** Of all samples, in MiB. */
  readonly leastMib: number;
  readonly mostMib: number;
  /** Null = too little was seen after warming up. */
  readonly mibPerHour: number | null;
  /** Two standard errors of it. */
  readonly uncertainty: number | null;
}

/** Resident octets of a process; undefined if it is gone. */
export function residentSize(pid: number): number | undefined {
  try {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kib === undefined ? undefined : Number(kib) * KIB;
  } catch {
    return undefined;
  }
}

/** The least number of samples that a growth is told from. */
const LEAST_SAMPLES = 12;

export class MemoryBook {
  readonly #samples = new Map<string, Sample[]>();
  readonly #warmUpMs: number;

  /** A life is left out of the growth until it is so old. */
  constructor(warmUpMs: number) {
    this.#warmUpMs = warmUpMs;
  }

  take(name: string, pid: number, atMs: number, size: number): void {
    const samples = this.#samples.get(name) ?? [];
    samples.push({ pid, atMs, residentSize: size });
    this.#samples.set(name, samples);
  }

  growths(): readonly Growth[] {
    return [...this.#samples].map(([name, samples]) => {
      const lives = livesOf(samples);
      const sizes = samples.map((sample) => sample.residentSize / MIB);
      const warm = [...lives.values()].flatMap((life) => [life.filter(({ atMs }) => atMs - life[0]!.atMs >= this.#warmUpMs)]);
      return {
        name,
        lives: lives.size,
        samples: warm.flat().length,
        minutes: Math.max(
          0,
          ...warm.filter((life) => life.length > 0).map((life) => (life.at(-1)!.atMs - life[0]!.atMs) / MINUTE_MS),
        ),
        leastMib: Math.min(...sizes),
        mostMib: Math.max(...sizes),
        ...slopeOf(warm),
      };
    });
  }
}

function slopeOf(lives: readonly (readonly Sample[])[]): Pick<Growth, 'mibPerHour' | 'uncertainty'> {
  const used = lives.filter((life) => life.length > 1);
  const points = used.flatMap((life) => {
    const meanMs = mean(life.map(({ atMs }) => atMs));
    const meanSize = mean(life.map((sample) => sample.residentSize));
    return life.map(({ atMs, residentSize: size }) => ({ hours: (atMs - meanMs) / HOUR_MS, mib: (size - meanSize) / MIB }));
  });
  const spread = points.reduce((sum, { hours }) => sum + hours * hours, 0);
  const freedom = points.length - used.length - 1;
  if (points.length < LEAST_SAMPLES || spread === 0 || freedom < 1) return { mibPerHour: null, uncertainty: null };
  const mibPerHour = points.reduce((sum, { hours, mib }) => sum + hours * mib, 0) / spread;
  const residue = points.reduce((sum, { hours, mib }) => sum + (mib - mibPerHour * hours) ** 2, 0);
  return { mibPerHour, uncertainty: 2 * Math.sqrt(residue / freedom / spread) };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function livesOf(samples: readonly Sample[]): ReadonlyMap<number, readonly Sample[]> {
  const lives = new Map<number, Sample[]>();
  for (const sample of samples) {
    const life = lives.get(sample.pid);
    if (life === undefined) lives.set(sample.pid, [sample]);
    else life.push(sample);
  }
  return lives;
}
