// The probers drill: those who look are lost one by one and all together, and a server starts while Redis is away. Whatever helpers
// die, answers stay as they were until somebody knows better.

import { indexOf, MEMBERS } from './config.ts';
import { DrillOrders } from './orders.ts';
import { playOutage, turned } from './outage.ts';
import { PROCESSES, REGIONS, type Stage, VANTAGE_POINTS } from './stage.ts';
import { voteLifeMs } from './timing.ts';
import type { Thing } from './uplinks.ts';
import { sleep, waitFor } from './wait.ts';

const PATIENCE_FACTOR = 5;
const HOLD_MS = 2000;
/** What has been concluded is written within a second. */
const WRITTEN_MS = 3000;
const CUT_OFF = REGIONS.indexOf('asia');
const ORIGINS: readonly Thing[] = MEMBERS.map((_, i) => i);

export async function proberDrill(stage: Stage): Promise<void> {
  await quietly(stage, 'a prober killed', () => oneKilled(stage));
  await quietly(stage, 'a prober cut off from all members', () => withdrawn(stage));
  await quietly(stage, 'a prober cut off from everything', () => lost(stage));
  await quietly(stage, 'all probers killed', () => allKilled(stage));
  await quietly(stage, 'a server killed while Redis is away', () => serverRestarted(stage));
}

async function quietly({ judge, ledger }: Stage, title: string, play: () => Promise<void>): Promise<void> {
  const wrongBefore = judge.wrong.length;
  ledger.note(title);
  await play();
  ledger.none(`${title}: answers that changed`, judge.wrong.length - wrongBefore);
}

/** Each DNS server says so of health, within a limit that is judged. */
async function soon(stage: Stage, title: string, limitMs: number, isTrue: (health: Health) => boolean): Promise<void> {
  const { servers, ledger } = stage;
  const isSo = async (): Promise<boolean> =>
    (await Promise.all(servers.map((server) => server.status()))).every(({ health }) => isTrue(health));
  ledger.within(title, await waitFor(isSo, PATIENCE_FACTOR * limitMs), limitMs);
}

type Health = Awaited<ReturnType<Stage['servers'][number]['status']>>['health'];

async function whole(stage: Stage, title: string, down: readonly number[] = []): Promise<void> {
  const { ledger, timing } = stage;
  const tookMs = await waitFor(() => stage.isWhole(down), PATIENCE_FACTOR * timing.healLimitMs);
  ledger.within(`${title}: healed`, tookMs, timing.healLimitMs);
}

async function oneKilled(stage: Stage): Promise<void> {
  const { probers, timing, origins } = stage;
  const prober = probers[0]!;
  await prober.kill();
  const isTakenOver = ({ peers, members }: Health): boolean =>
    peers.length === PROCESSES - 1 &&
    members.every(({ families: [family] }) => {
      const others = family!.votes.filter((vote) => vote.prober !== prober.id);
      return others.length >= VANTAGE_POINTS && family!.seen === 'up';
    });
  await soon(stage, 'a prober killed: others have taken over', timing.healLimitMs, isTakenOver);
  const refusing = indexOf('refusing');
  const outage = {
    title: 'refused, with a prober less',
    member: 'refusing',
    limitMs: timing.quickLimitMs,
    break: () => origins[refusing]!.break('refuse'),
    mend: () => origins[refusing]!.mend(),
  } as const;
  await playOutage(stage, outage, { waitsForRamp: false });
  await prober.start();
  await whole(stage, 'the prober back');
}

async function withdrawn(stage: Stage): Promise<void> {
  const { uplinks, probers, timing, ledger } = stage;
  const { id } = probers[CUT_OFF]!;
  const isOut = ({ peers }: Health): boolean => peers.some((peer) => peer.id === id && peer.isWithdrawn);
  await uplinks.block([CUT_OFF], ORIGINS);
  await soon(stage, 'cut off from all members: withdrawn', timing.slowLimitMs, isOut);
  ledger.note(`${id} has withdrawn its votes`);
  await sleep(timing.slowLimitMs);
  await uplinks.open([CUT_OFF], ORIGINS);
  await soon(stage, 'cut off from all members: it votes again', timing.recoveryLimitMs, (health) => !isOut(health));
  await whole(stage, 'cut off from all members');
}

async function lost(stage: Stage): Promise<void> {
  const { uplinks, timing } = stage;
  const everything: readonly Thing[] = [...ORIGINS, 'redis'];
  await uplinks.block([CUT_OFF], everything);
  await soon(
    stage,
    'cut off from everything: gone',
    timing.staleLimitMs + timing.expiryMs,
    ({ peers }) => peers.length === PROCESSES - 1,
  );
  await sleep(timing.slowLimitMs);
  await uplinks.open([CUT_OFF], everything);
  await whole(stage, 'cut off from everything');
}

async function allKilled(stage: Stage): Promise<void> {
  const { probers, timing, judge, origins, ledger } = stage;
  await Promise.all(probers.map((prober) => prober.kill()));
  const isUnknown = ({ members }: Health): boolean =>
    members.every(({ families: [family] }) => family!.seen === 'unknown' && family!.isUp);
  await soon(stage, 'all probers killed: status says unknown', voteLifeMs(timing) + timing.expiryMs, isUnknown);
  const failing = indexOf('failing');
  ledger.note('a member breaks, and nobody looks');
  judge.want(failing, false, performance.now());
  await origins[failing]!.break('error');
  await sleep(timing.slowLimitMs);
  const isStill = !judge.hasTurned(failing);
  ledger.judge('all probers killed: the last known state stays', isStill, isStill ? 'yes' : 'no', 'yes');
  const startMs = performance.now();
  judge.want(failing, false, startMs);
  await Promise.all(probers.map((prober) => prober.start()));
  ledger.note(`all probers are back, after ${Math.round(performance.now() - startMs)} ms`);
  await turned(stage, 'all probers started again: the fault is seen', failing, timing.healLimitMs + timing.quickLimitMs);
  await origins[failing]!.mend();
  judge.want(failing, true, performance.now());
  await turned(stage, 'and its end', failing, timing.recoveryLimitMs);
  await whole(stage, 'all probers back');
}

async function serverRestarted(stage: Stage): Promise<void> {
  const { redis, servers, questions, judge, origins, timing, ledger } = stage;
  const orders = new DrillOrders(stage);
  const failing = indexOf('failing');
  judge.want(failing, false, performance.now());
  await origins[failing]!.break('error');
  await turned(stage, 'a member is down', failing, timing.quickLimitMs);
  const answer = await orders.toggle(0);
  ledger.judge('an order is given', answer === 'acknowledged', answer, 'acknowledged');
  await sleep(WRITTEN_MS);
  await redis.master.kill();
  // What it has in hand dies with it; resolvers ask another server.
  await questions[0]!.pause();
  await servers[0]!.kill();
  await servers[0]!.start();
  questions[0]!.start();
  ledger.note('the server answers again, without Redis');
  await sleep(timing.slowLimitMs);
  const { mesh, members } = (await servers[0]!.status()).health;
  const { isUp, seen } = members[failing]!.families[0]!;
  ledger.judge(
    'its status',
    mesh.state === 'joining' && !isUp,
    `${mesh.state}, ${isUp ? 'up' : 'down'} (${seen})`,
    'joining, down',
  );
  await redis.master.restart();
  await whole(stage, 'Redis back', [failing]);
  ledger.judge('the order is still there', await orders.isKept(), 'compared', 'the same everywhere');
  await sleep(HOLD_MS);
  await origins[failing]!.mend();
  judge.want(failing, true, performance.now());
  await turned(stage, 'the member is mended', failing, timing.recoveryLimitMs);
}
