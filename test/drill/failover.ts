// The failover drill: each kind of fault once, on one member after the other, and one that a single region sees.

import { indexOf, memberId } from './config.ts';
import type { OriginFault } from './origin.ts';
import { type Outage, playOutage } from './outage.ts';
import { PROBERS, REGIONS, type Stage, VANTAGE_POINTS } from './stage.ts';
import { sleep, waitFor } from './wait.ts';

const CUT_OFF_REGION = 'europe';

export async function failover(stage: Stage): Promise<void> {
  const { timing, origins, uplinks } = stage;
  const { quickLimitMs, slowLimitMs } = timing;
  const byOrigin = (title: string, member: Outage['member'], fault: OriginFault, limitMs: number): Outage => ({
    title,
    member,
    limitMs,
    break: () => origins[indexOf(member)]!.break(fault),
    mend: () => origins[indexOf(member)]!.mend(),
  });
  const silent = indexOf('silent');
  await playOutage(stage, byOrigin('refused', 'refusing', 'refuse', quickLimitMs));
  await playOutage(stage, byOrigin('status 500', 'failing', 'error', quickLimitMs));
  await playOutage(stage, byOrigin('expired certificate', 'expired', 'expired', quickLimitMs));
  await playOutage(stage, {
    title: 'black hole',
    member: 'silent',
    limitMs: slowLimitMs,
    break: () => uplinks.block(PROBERS, [silent]),
    mend: () => uplinks.open(PROBERS, [silent]),
  });
  await playOutage(stage, byOrigin('too slow', 'slow', 'slow', slowLimitMs));
  await oneRegion(stage);
}

/** One region loses its way to a member; that must be seen, and move nobody. */
async function oneRegion({ timing, ledger, judge, servers, uplinks }: Stage): Promise<void> {
  const member = indexOf('cut-off');
  const probers = PROBERS.filter((prober) => REGIONS[prober] === CUT_OFF_REGION);
  ledger.note(`one region: ${CUT_OFF_REGION} can no longer reach ${memberId('cut-off')}`);
  await uplinks.block(probers, [member]);
  const wrongBefore = judge.wrong.length;
  const isSeen = async (): Promise<boolean> => {
    const reports = await Promise.all(servers.map((server) => server.status()));
    return reports.every(({ health }) => {
      const { votes, isUp } = health.members[member]!.families[0]!;
      return isUp && votes.length >= VANTAGE_POINTS && votes.some((vote) => !vote.isUp && vote.region === CUT_OFF_REGION);
    });
  };
  const seenMs = await waitFor(isSeen, 2 * timing.slowLimitMs);
  ledger.within('one region: seen by its probers', seenMs, timing.slowLimitMs);
  const { health } = await servers[0]!.status();
  ledger.note(`one region: status says "${health.members[member]!.families[0]!.why}"`);
  await sleep(timing.slowLimitMs);
  ledger.none('one region: answers that changed', judge.wrong.length - wrongBefore);
  await uplinks.open(probers, [member]);
}
