// The soak (docs/soak.md): one world of local processes under a bounded load of queries for an hour, while every drill is played again
// and again in random order. At its end: queries lost, crashes, objectives missed, memory. Exit code 1 if anything was not kept.
//   npm run soak -- [--minutes 60] [--seed 1] [--rate 300] [--write]

import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { LocalWorld } from '../../src/app/drill/local-world.ts';
import { PACES } from '../../src/app/drill/pace.ts';
import { DRILLS } from '../../src/drill/catalogue.ts';
import { Logbook } from '../../src/drill/logbook.ts';
import type { Drill, FaultName, Stage } from '../../src/drill/model.ts';
import { DrillError, play } from '../../src/drill/play.ts';
import { ROOT } from '../support/paths.ts';
import { Random } from '../support/random.ts';
import { MemoryBook, residentSize } from './memory.ts';
import { type DrillCount, isKept, soakText, writeReport } from './report.ts';

const MINUTE_MS = 60_000;
const SAMPLE_MS = 5000;
/** A life counts for the growth of memory after a sixth of the soak: ten minutes of an hour. */
const WARM_UP_SHARE = 6;
/** In the last two thirds no DNS server is restarted or replaced, so that its memory is seen over a long life. */
const RESTARTING_SHARE = 3;
const RESTARTING: readonly FaultName[] = ['dns-server-stops', 'servers-restart', 'servers-upgrade'];
/** Need another Redis, or sites with a capacity, whose load ebbs away for minutes: these have worlds of their own. */
const APART: readonly FaultName[] = ['redis-master-stops', 'crowd-comes'];
/** The same site fails every few minutes, so the flap guard holds it down for 42 good checks (docs/health.md). */
const HELD = { home: 90_000, joined: 90_000 } as const;
const QUERIES_A_ROUND = 9;
const MOST_MINUTES = 24 * 60;
const MOST_PER_SECOND = 2000;

const options = {
  minutes: { type: 'string' },
  seed: { type: 'string' },
  rate: { type: 'string' },
  write: { type: 'boolean' },
} as const;
const { values } = parseArgs({ options });
const minutes = within('minutes', values.minutes ?? '60', 1, MOST_MINUTES);
const seed = within('seed', values.seed ?? '1', 1, 2 ** 31);
const perSecond = within('rate', values.rate ?? '300', 1, MOST_PER_SECOND);

function within(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (value >= least && value <= most) return value;
  console.error(`--${name} takes a number from ${least} to ${most}, found "${text}"`);
  process.exit(2);
}

const makes = ({ steps }: Drill): readonly FaultName[] => steps.flatMap(({ make }) => (make === undefined ? [] : [make]));
const isOf = (drill: Drill, faults: readonly FaultName[]): boolean => makes(drill).some((fault) => faults.includes(fault));

async function soak(): Promise<number> {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());
  const { signal } = stopping;
  const stage: Stage = { note: say, inForce: () => undefined, excuse: () => undefined, require: () => undefined, signal };
  const random = new Random(seed);
  const startMs = performance.now();
  const startedAt = new Date().toISOString().slice(0, 16).replace('T', ' ');
  const lengthMs = minutes * MINUTE_MS;
  const roundMs = (1000 * QUERIES_A_ROUND) / perSecond;
  const pace = { ...PACES.quick, limitsMs: { ...PACES.quick.limitsMs, ...HELD } };
  const common = DRILLS.filter((drill) => !isOf(drill, APART));
  const world = new LocalWorld({ pace, faults: common.flatMap(makes), roundMs });
  const book = new MemoryBook(lengthMs / WARM_UP_SHARE);
  const drills = new Map<string, DrillCount>();
  const sum = { asked: 0, lost: 0, crashes: 0 };
  let sampler: NodeJS.Timeout | undefined;
  try {
    await world.open(stage);
    sampler = setInterval(() => {
      for (const { name, pid } of world.processes) {
        const size = pid === null ? undefined : residentSize(pid);
        if (pid !== null && size !== undefined) book.take(name, pid, performance.now(), size);
      }
    }, SAMPLE_MS);
    for (let deck: Drill[] = []; performance.now() - startMs < lengthMs && !signal.aborted; ) {
      const isLate = performance.now() - startMs > lengthMs / RESTARTING_SHARE;
      if (deck.length === 0) deck = shuffled(DRILLS, random);
      const drill = deck.pop()!;
      if (isLate && isOf(drill, RESTARTING)) continue;
      const count = drills.get(drill.name) ?? { played: 0, missed: [] };
      drills.set(drill.name, count);
      const log = new Logbook(
        (line) => console.log(`${drill.name.padEnd(16)} ${line}`),
        () => performance.now(),
      );
      const own = isOf(drill, APART) ? new LocalWorld({ pace, faults: makes(drill), roundMs }) : null;
      try {
        await own?.open(stage);
        const { isStopped, left, queries } = await play(drill, own ?? world, log, signal);
        if (isStopped) break;
        count.played++;
        count.missed.push(
          ...left,
          ...log.objectives.filter(({ isMet }) => !isMet).map(({ title, found }) => `${title}: ${found}`),
        );
        for (const { asked, lost } of queries) {
          sum.asked += asked;
          sum.lost += lost;
        }
        if (own === null) await world.untilJoined(2 * MINUTE_MS);
        else sum.crashes += own.crashes;
      } catch (error) {
        if (!(error instanceof DrillError)) throw error;
        count.missed.push(error.message);
        say(`${drill.name}: ${error.message}`);
      } finally {
        await own?.close();
      }
    }
  } finally {
    clearInterval(sampler);
    sum.crashes += world.crashes;
    await world.close();
  }
  const [cpu] = cpus();
  const machine = `${cpus().length} cores (${cpu?.model.trim()}), Node ${process.versions.node}`;
  const tookMinutes = (performance.now() - startMs) / MINUTE_MS;
  const growths = book.growths();
  const report = { startedAt, minutes: tookMinutes, seed, queriesPerSecond: perSecond, machine, drills, ...sum, growths };
  const text = soakText(report);
  console.log(`\n${text}`);
  if (values.write === true) writeReport(`${ROOT}docs/soak.md`, text);
  return isKept(report) ? 0 : 1;
}

function say(text: string): void {
  console.log(`-- ${text}`);
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[], random: Random): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}

process.exitCode = await soak();
