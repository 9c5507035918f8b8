// The Redis drill: killed, paused, flushed, returned with old data, and failed over. No answer may change for the worse, the status
// says how old what it knows is, everything heals by itself, and no acknowledged order is lost.

import { indexOf } from './config.ts';
import { DrillOrders } from './orders.ts';
import { turned } from './outage.ts';
import { PROCESSES, REGIONS, SERVERS, type Stage } from './stage.ts';
import { voteLifeMs } from './timing.ts';
import { sleep, waitFor } from './wait.ts';

const PATIENCE_FACTOR = 5;
/** Beyond the life of the votes, so that nothing is fresh any more. */
const OUTAGE_FACTOR = 1.5;
const HOLD_MS = 2000;
/** Before that nobody may have noticed, and everything still looks whole. */
const LOOK_AFTER_HEARTBEATS = 2;

interface Disturbance {
  readonly title: string;
  begin(): Promise<void>;
  /** Ends an outage; without it Redis is back at once. */
  readonly end?: () => Promise<void>;
  /** While Redis is out. */
  readonly meanwhile?: () => Promise<void>;
}

export async function redisDrill(stage: Stage): Promise<void> {
  const { redis, origins, judge, timing, ledger } = stage;
  const { master } = redis;
  const orders = new DrillOrders(stage);
  const refusing = indexOf('refusing');
  await disturb(stage, orders, {
    title: 'Redis killed',
    begin: () => master.kill(),
    end: () => master.restart(),
    meanwhile: async () => {
      ledger.note('a member breaks while nobody can tell the servers');
      judge.want(refusing, false, performance.now());
      await origins[refusing]!.break('refuse');
    },
  });
  // Its time runs from the fault, and the outage is part of that.
  const outageMs = voteLifeMs(timing) * OUTAGE_FACTOR;
  const limitMs = outageMs + timing.healLimitMs + timing.quickLimitMs;
  // Each server finds Redis again at its own time: waits between tries grow to half of the expiry (docs/mesh.md).
  const spreadMs = timing.expiryMs / 2 + timing.spreadMs;
  await turned(stage, 'the fault that came while Redis was away', refusing, limitMs, spreadMs);
  await origins[refusing]!.mend();
  judge.want(refusing, true, performance.now());
  await turned(stage, 'and its end', refusing, timing.recoveryLimitMs);
  await disturb(stage, orders, {
    title: 'Redis paused',
    begin: () => Promise.resolve(master.pause()),
    end: () => Promise.resolve(master.resume()),
  });
  await disturb(stage, orders, {
    title: 'Redis flushed',
    begin: async () => void (await master.run('FLUSHALL')),
  });
  await master.run('SAVE');
  await disturb(stage, orders, {
    title: 'Redis returned with old data',
    begin: async () => {
      await master.kill();
      await master.restart();
    },
  });
}

/** On a stage with Sentinel. */
export async function redisFailover(stage: Stage): Promise<void> {
  const { redis, ledger } = stage;
  const { master } = redis;
  const orders = new DrillOrders(stage);
  await disturb(stage, orders, {
    title: 'Redis failed over by Sentinel',
    begin: () => master.kill(),
  });
  await master.restart();
  ledger.note('the former master is back, empty');
  const backMs = await waitFor(
    async () => /master_link_status:up/.test(String(await master.run('INFO', 'replication'))),
    PATIENCE_FACTOR * stage.timing.healLimitMs,
  );
  ledger.judge('the former master follows the new one', Number.isFinite(backMs), `after ${Math.round(backMs)} ms`, 'in the end');
  await disturb(stage, orders, { title: 'the former master as a replica', begin: () => Promise.resolve() });
}

async function disturb(stage: Stage, orders: DrillOrders, disturbance: Disturbance): Promise<void> {
  const { judge, ledger, timing } = stage;
  const { title, begin, end, meanwhile } = disturbance;
  const wrongBefore = judge.wrong.length;
  const answer = await orders.toggle(0);
  ledger.judge(`${title}: the order just before`, answer === 'acknowledged', answer, 'acknowledged');
  ledger.note(title);
  await begin();
  if (end !== undefined) {
    const staleMs = await waitFor(() => isStale(stage), PATIENCE_FACTOR * timing.staleLimitMs);
    ledger.within(`${title}: status of every process says stale`, staleMs, timing.staleLimitMs);
    const refusal = await orders.toggle(SERVERS - 1);
    ledger.judge(`${title}: an order meanwhile`, refusal !== 'acknowledged', refusal, 'refused or uncertain');
    await meanwhile?.();
    await sleep(voteLifeMs(timing) * OUTAGE_FACTOR);
    ledger.note(`${title}: ${await ages(stage)}`);
    await end();
    ledger.note(`${title}: it is back`);
  }
  const backMs = performance.now();
  await sleep(LOOK_AFTER_HEARTBEATS * timing.heartbeatMs);
  const down = meanwhile === undefined ? [] : [indexOf('refusing')];
  const isHealed = async (): Promise<boolean> =>
    (await stage.isWhole(down)) && (await orders.isKept()) && (await isRestored(stage));
  const isEver = Number.isFinite(await waitFor(isHealed, PATIENCE_FACTOR * timing.healLimitMs));
  const healedMs = isEver ? performance.now() - backMs : Number.POSITIVE_INFINITY;
  ledger.within(`${title}: healed`, healedMs, timing.healLimitMs + (meanwhile === undefined ? 0 : timing.quickLimitMs));
  await orders.settle();
  await sleep(HOLD_MS);
  ledger.judge(`${title}: orders are those that were acknowledged`, await orders.isKept(), 'compared', 'the same everywhere');
  const isFollowed = judge.hasTurned(indexOf('ordered'));
  ledger.judge(`${title}: and every server follows them`, isFollowed, isFollowed ? 'yes' : 'no', 'yes');
  ledger.none(`${title}: answers that changed`, judge.wrong.length - wrongBefore);
}

/** Redis itself has everything again. */
async function isRestored({ redis, servers }: Stage): Promise<boolean> {
  const { version } = (await servers[0]!.status()).health.overrides;
  return redis.holds(version, PROCESSES, REGIONS.length).catch(() => false);
}

async function isStale({ processes }: Stage): Promise<boolean> {
  const reports = await Promise.all(processes.map((process) => process.status()));
  return reports.every(({ health: { mesh } }) => mesh.state === 'stale' && mesh.ageMs > 0);
}

/** What the status of the first server says of its own knowledge. */
async function ages({ servers }: Stage): Promise<string> {
  const { mesh, members } = (await servers[0]!.status()).health;
  const unknown = members.filter(({ families }) => families[0]!.seen === 'unknown').length;
  const { trouble } = mesh;
  return `status says ${mesh.state} for ${Math.round(mesh.ageMs / 1000)} s, ${unknown} of ${members.length} members unknown; ${trouble}`;
}
