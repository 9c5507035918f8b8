// One measurement of one server with one mix: as fast as it can, then at a fixed moderate rate.

import { type LoadFigures, type LoadPlan, runLoad } from './load-generator.ts';
import { cpuMs } from './support.ts';

/** Ahead of each measurement: code is compiled, caches fill. */
const WARM_UP_QUERIES = 150_000;
const WARM_UP_SEC = 2;

export interface Run {
  /** With a window of queries always under way. */
  readonly full: Part;
  /** At the fixed rate. */
  readonly steady: Part;
}

export interface Part {
  readonly load: LoadFigures;
  /** CPU time of the server, user and system, all threads and processes, for each answered query. */
  readonly cpuUs: number;
  /** Share of its core that the server used, 0..1. */
  readonly busy: number;
}

interface Settings {
  readonly seconds: number;
  readonly rate: number;
  readonly window: number;
}

type Target = Pick<LoadPlan, 'port' | 'queryFile' | 'hasRandomLabel' | 'tcpShare' | 'sockets' | 'spreads'>;

export async function measure(server: { readonly pid: number }, target: Target, settings: Settings): Promise<Run> {
  const { seconds, rate, window } = settings;
  await runLoad({ ...target, seconds: WARM_UP_SEC, count: WARM_UP_QUERIES, window, spins: true });
  const full = await part(server, { ...target, seconds, window, spins: true });
  const steady = await part(server, { ...target, seconds, rate, spins: true });
  return { full, steady };
}

export async function part(server: { readonly pid: number }, plan: LoadPlan): Promise<Part> {
  const before = cpuMs(server.pid);
  const load = await runLoad(plan);
  const usedMs = cpuMs(server.pid) - before;
  return { load, cpuUs: (usedMs * 1000) / load.answered, busy: usedMs / 1000 / load.seconds };
}
