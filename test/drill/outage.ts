// One member broken and mended, and what is to be said of both: how soon every server answered rightly, how far apart they were,
// how long a verdict took to reach all workers, and how the share came back.

import { indexOf, MEMBERS, type MemberName, memberId } from './config.ts';
import { seconds } from './ledger.ts';
import { rampOf } from './ramp.ts';
import type { Stage } from './stage.ts';
import { sleep, waitFor } from './wait.ts';

/** Longest wait for what must come, right or late: a figure is better than none. */
const PATIENCE_FACTOR = 5;
/** Between a turn and what follows, so that a wrong flip would be seen. */
const HOLD_MS = 2000;

/** The member leaves the answers of all servers within the limit, or is in them again, and nearly at once. */
export async function turned(
  stage: Stage,
  title: string,
  member: number,
  limitMs: number,
  spreadMs: number = stage.timing.spreadMs,
): Promise<boolean> {
  const { judge, ledger } = stage;
  const tookMs = await waitFor(() => judge.hasTurned(member), limitMs * PATIENCE_FACTOR);
  if (!Number.isFinite(tookMs)) {
    ledger.judge(`${title}: every server`, false, `not within ${seconds(limitMs * PATIENCE_FACTOR)}`, `<= ${seconds(limitMs)}`);
    return false;
  }
  await sleep(HOLD_MS);
  const turn = judge.turn(member);
  const { firstRightMs } = turn;
  ledger.note(`${title}: first right answers after ${firstRightMs.map(seconds).join(', ')}`);
  ledger.within(`${title}: every server`, Math.max(...firstRightMs), limitMs);
  ledger.within(`${title}: servers agree`, turn.spreadMs, spreadMs);
  return true;
}

const SWAPPED = 'all workers answer from the latest health';

/** From the verdict on a member, as each server logged it, until all of its workers answered by it. */
function judgeSwap(stage: Stage, title: string, name: MemberName, message: string): void {
  const { servers, judge, ledger, timing } = stage;
  const { lastStaleSentMs } = judge.turn(indexOf(name));
  const found = servers.map((server, i) => {
    const lines = server.lines();
    const verdict = lines.findLastIndex(({ msg, target }) => msg === message && target === `${memberId(name)}#4`);
    const swap = lines.findIndex(({ msg }, at) => at > verdict && msg === SWAPPED);
    if (verdict < 0 || swap < 0) return Number.POSITIVE_INFINITY;
    const before = lines.findLastIndex(({ msg }, at) => at < verdict && msg === SWAPPED);
    const verdictMs = lines[verdict]!.time;
    const toldMs = lines[swap]!.time - verdictMs;
    // What the server says is held against what it answered.
    const seenMs = lastStaleSentMs[i]! + performance.timeOrigin - verdictMs;
    if (toldMs > timing.swapMs) {
      const sinceMs = before < 0 ? 0 : verdictMs - lines[before]!.time;
      ledger.note(`${server.id}: told after ${toldMs} ms, image before the verdict ${sinceMs} ms earlier`);
    }
    return Math.max(toldMs, seenMs);
  });
  ledger.within(`${title}: verdict to all workers`, Math.max(...found), timing.swapMs);
}

export interface Outage {
  readonly title: string;
  readonly member: MemberName;
  readonly limitMs: number;
  break(): Promise<void>;
  mend(): Promise<void>;
}

/** Broken until every server has followed, then mended; the share is watched only if there is time for it. */
export async function playOutage(stage: Stage, outage: Outage, { waitsForRamp = true } = {}): Promise<void> {
  const { title, member: name, limitMs } = outage;
  const { judge, ledger, timing } = stage;
  const member = indexOf(name);
  ledger.note(`${title}: ${memberId(name)} breaks`);
  judge.want(member, false, performance.now());
  await outage.break();
  if (await turned(stage, title, member, limitMs)) judgeSwap(stage, title, name, 'a member went down');
  ledger.note(`${title}: ${memberId(name)} is mended`);
  await outage.mend();
  const mendedMs = performance.now();
  judge.want(member, true, mendedMs);
  if (!(await turned(stage, `${title}, back again`, member, timing.recoveryLimitMs))) return;
  judgeSwap(stage, `${title}, back again`, name, 'a member came up');
  if (waitsForRamp) await judgeRamp(stage, title, member, mendedMs + Math.min(...judge.turn(member).firstRightMs));
}

const RAMP_BINS = 6;
/** The first sixth of a ramp lies near 10 percent, what comes after its end at 100; answers are counted, so roughly. */
const LITTLE_PERCENT = 45;
const MUCH_PERCENT = 70;

async function judgeRamp(stage: Stage, title: string, member: number, startMs: number): Promise<void> {
  const { ledger, samples, timing } = stage;
  const binMs = timing.slowStartMs / RAMP_BINS;
  await sleep(startMs + (RAMP_BINS + 2) * binMs - performance.now());
  const shares = rampOf(samples, member, MEMBERS.length, startMs, binMs, RAMP_BINS + 2);
  samples.length = 0;
  const text = shares.map((share) => `${share} %`).join(', ');
  ledger.note(`${title}: share of the answers, of an even one, in sixths of the ramp: ${text}`);
  const first = shares[0]!;
  const last = Math.round((shares.at(-1)! + shares.at(-2)!) / 2);
  const isRamp = first <= LITTLE_PERCENT && last >= MUCH_PERCENT;
  ledger.judge(`${title}: the share comes back slowly`, isRamp, `${first} % to ${last} %`, 'a ramp');
}
