// The health part of `meridian status` in words. Short: one line a pool and one a member, and of a member only what is worth
// reading at night. With all votes on request.

import type { Family } from '../../base/address.ts';
import { list } from '../../config/suggest.ts';
import { FULL_SHARE } from '../../model/health.ts';
import type { MeshStatus, Peer } from '../../model/mesh.ts';
import type { Override } from '../../model/verdict.ts';
import type { FamilyReport, HealthReport, MemberReport, VoteReport } from '../health/health-report.ts';
import { inForce, orderText, undoOf } from '../orders/orders-text.ts';
import { columns } from './columns.ts';
import { lengthText, oneLine } from './plain-text.ts';

/** Lines for the head of the status: the mesh, who we are, who else there is, the sum of it. */
export function healthRows({ mesh, self, peers, members, concludedAgeMs }: HealthReport): [string, string][] {
  const others = peers.filter(({ id }) => id !== self.id);
  const withdrawn = self.isWithdrawn ? '; it sees nearly everything down at once and has taken its votes back' : '';
  return [
    ['mesh', meshText(mesh)],
    ['this process', `${self.id} in ${self.region}: ${self.roles.join(', ')}${withdrawn}`],
    ...(others.length === 0 ? [] : [['peers', `${others.length}: ${list(others.map(peerText))}`] as [string, string]]),
    ['members', `${tally(members)}; concluded ${lengthText(concludedAgeMs)} ago`],
  ];
}

/** Pools with their members, then the orders. `nowMs` is the wall clock. */
export function healthLines(report: HealthReport, nowMs: number, hasVotes: boolean): string[] {
  const pools = new Map<string, MemberReport[]>();
  for (const member of report.members) pools.set(member.pool, [...(pools.get(member.pool) ?? []), member]);
  return [
    ...[...pools].flatMap(([pool, members]) => [
      '',
      `Pool ${pool}: ${tally(members)}${observersText(members)}`,
      ...memberLines(members, nowMs, hasVotes),
    ]),
    ...orderLines(report, nowMs),
  ];
}

function meshText({ kind, state, ageMs, ignored, trouble }: MeshStatus): string {
  const what = kind === 'memory' ? 'none, this process alone (memory)' : kind;
  const heard = kind === 'memory' ? '' : `heard ${lengthText(ageMs)} ago`;
  const how: Readonly<Record<MeshStatus['state'], string>> = {
    joined: kind === 'memory' ? '' : `, joined, ${heard}`,
    joining: ', joining',
    stale: `, STALE: ${heard}, what was known then is in use`,
  };
  return [
    `${what}${how[state]}`,
    ...(ignored > 0 ? [`${ignored} records not understood`] : []),
    ...(trouble === null ? [] : [oneLine(trouble)]),
  ].join('; ');
}

const peerText = ({ id, region, roles, isWithdrawn }: Peer): string =>
  `${id} (${region}: ${roles.join(' ')}${isWithdrawn ? ', votes taken back' : ''})`;

/** `4 of 6 up, 1 forced or drained, 1 unknown`; a member counts as up if it is in every family. */
function tally(members: readonly MemberReport[]): string {
  const has = (isSo: (family: FamilyReport) => boolean) => members.filter(({ families }) => families.some(isSo)).length;
  const ordered = members.filter(({ order }) => order !== null).length;
  const unknown = has(({ seen }) => seen === 'unknown');
  const unchecked = has(({ seen }) => seen === 'unchecked');
  return [
    `${members.length - has(({ isUp }) => !isUp)} of ${members.length} up`,
    ...(ordered > 0 ? [`${ordered} under orders`] : []),
    ...(unknown > 0 ? [`${unknown} unknown`] : []),
    ...(unchecked > 0 ? [`${unchecked} not checked`] : []),
  ].join(', ');
}

/** Who looks at a pool, and how old what they saw is. */
function observersText(members: readonly MemberReport[]): string {
  const votes = members.flatMap(({ families }) => families.flatMap((family) => family.votes));
  if (votes.length === 0) return '';
  const ages = votes.map(({ ageMs }) => ageMs);
  const probers = [...new Set(votes.map(({ prober }) => prober))].sort();
  const [newest, oldest] = [lengthText(Math.min(...ages)), lengthText(Math.max(...ages))];
  return `; seen by ${list(probers)} ${newest === oldest ? newest : `${newest} to ${oldest}`} ago`;
}

/** Beyond so many members of a pool, those of which nothing is to be said are counted only. */
const MOST_LINES = 24;

function memberLines(members: readonly MemberReport[], nowMs: number, hasVotes: boolean): string[] {
  const rows: string[][] = [];
  const votesUnder: (readonly FamilyReport[])[] = [];
  let quiet = 0;
  for (const member of members) {
    for (const families of alike(member)) {
      const family = families[0]!;
      const isWhole = families.length === member.families.length;
      const state = stateText(family, member.order);
      const detail = detailText(family, member.order, nowMs);
      if (members.length > MOST_LINES && !hasVotes && isWhole && state === 'up' && detail === '') {
        quiet++;
        continue;
      }
      const since = family.sinceMs === null ? '' : lengthText(family.sinceMs);
      const name = isWhole ? member.member : `${member.member}#${family.family}`;
      rows.push([name, member.site, state, since, detail]);
      votesUnder.push(families);
    }
  }
  const lines = columns(rows).flatMap((line, i) => (hasVotes ? [line, ...voteLines(votesUnder[i]!)] : [line]));
  return quiet === 0 ? lines : [...lines, `  ${quiet} more are up`];
}

/** The families of a member, those together of which the same is to be said. */
function alike({ families, order }: MemberReport): (readonly FamilyReport[])[] {
  const told = (family: FamilyReport): string =>
    JSON.stringify([stateText(family, order), family.why, family.sinceMs === null, family.seen]);
  const isAlike = families.every((family) => told(family) === told(families[0]!));
  return isAlike ? [families] : families.map((family) => [family]);
}

function stateText({ isUp, sharePermille, seen }: FamilyReport, order: Override | null): string {
  const share = `${Math.round(sharePermille / 10)} %`;
  if (order?.action === 'up') return 'forced up';
  if (order?.action === 'down') return 'FORCED DOWN';
  if (order?.action === 'drain') return isUp ? `draining ${share}` : 'DRAINED';
  if (seen === 'unchecked') return 'not checked';
  if (seen === 'unknown') return isUp ? 'unknown, up' : 'unknown, DOWN';
  if (!isUp) return 'DOWN';
  return sharePermille < FULL_SHARE ? `recovering ${share}` : 'up';
}

/** What is not as it should be; empty for a member that is simply up. */
function detailText({ seen, why, votes }: FamilyReport, order: Override | null, nowMs: number): string {
  const isDoubted = seen !== 'up' || votes.some(({ isUp }) => !isUp);
  const seenText = why === null || !isDoubted ? '' : why;
  if (order === null) return seenText;
  const seenWord = seen === 'unchecked' ? 'not checked' : `seen ${seen}${seenText === '' ? '' : `: ${seenText}`}`;
  return `by ${order.author} ${lengthText(nowMs - order.createdMs)} ago: ${order.reason} (${seenWord})`;
}

function voteLines(families: readonly FamilyReport[]): string[] {
  const row = (family: Family, vote: VoteReport): string[] => [
    vote.prober,
    vote.region,
    `IPv${family}`,
    vote.isUp ? 'up' : 'DOWN',
    `for ${lengthText(vote.sinceMs)}`,
    `checked ${lengthText(vote.ageMs)} ago`,
    `${(vote.latencyUs / 1000).toFixed(1)} ms`,
    vote.detail,
  ];
  return columns(
    families.flatMap(({ family, votes }) => votes.map((vote) => row(family, vote))),
    '      ',
  );
}

function orderLines({ overrides, idleOrders }: HealthReport, nowMs: number): string[] {
  const orders = inForce(overrides, nowMs);
  if (orders.length === 0) return [];
  const idle = new Set(idleOrders.map(({ id }) => id));
  const line = (order: Override): string[] => [
    `  ${orderText(order, nowMs)}${idle.has(order.id) ? ' (NAMES NOBODY)' : ''}`,
    `      undo: ${undoOf(order)}`,
  ];
  return ['', 'Orders', ...orders.flatMap(line)];
}
