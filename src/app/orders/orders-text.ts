// Orders in words: what one does, who gave it, how long it lasts, and always how to take it back.

import { list } from '../../config/suggest.ts';
import type { OverrideSet } from '../../model/mesh.ts';
import type { Override } from '../../model/verdict.ts';
import type { MemberReport } from '../health/health-report.ts';
import { columns } from '../text/columns.ts';
import { lengthText, oneLine } from '../text/plain-text.ts';
import type { OrderReply } from './orders.ts';

const MINUTE_MS = 60_000;

const DONE: Readonly<Record<Override['action'], string>> = { up: 'forced up', down: 'forced down', drain: 'drained' };

/** The command that takes an order back. */
export const undoOf = ({ id, glob, action }: Override): string =>
  action === 'drain' ? `meridian undrain ${shellWord(glob)}` : `meridian override remove ${shellWord(id)}`;

/** The command that gives an order anew, for what is left of its time. */
export function repeatOf({ glob, action, source, reason, author, expiresMs }: Override, nowMs: number): string {
  const command = action === 'drain' ? 'drain' : `override ${action}`;
  const leftSec = expiresMs === null ? null : Math.max(1, Math.ceil((expiresMs - nowMs) / 1000));
  return [
    `meridian ${command} ${shellWord(glob)} --reason ${shellWord(reason)} --author ${shellWord(author)}`,
    ...(leftSec === null ? [] : [`--for ${leftSec}s`]),
    ...(source === 'tool' ? ['--tool'] : []),
  ].join(' ');
}

/** `site:fra drained by ann 5 min ago, ends in 25 min: new switch`. */
export function orderText(order: Override, nowMs: number): string {
  const { glob, action, reason, createdMs } = order;
  const agoText = `${lengthText(nowMs - createdMs)} ago`;
  return oneLine(`${glob} ${DONE[action]} by ${byText(order)} ${agoText}, ${endText(order, nowMs)}: ${reason}`);
}

/** What was ordered and whom it concerns; `before` are the members as they were a moment ago. */
export function givenText(
  { created, names }: Pick<OrderReply, 'created' | 'names'>,
  before: readonly MemberReport[],
  nowMs: number,
): string {
  const { glob, action, reason } = created;
  const alone = action === 'up' ? [] : poolsWithoutOthers(new Set(names), before);
  const outranked = before.filter(({ member, order }) => {
    return created.source === 'tool' && order?.source === 'human' && names.includes(member);
  });
  return [
    `${glob} ${DONE[action]} by ${byText(created)}, ${endText(created, nowMs)}: ${reason}`,
    `${glob.startsWith('server:') ? 'servers' : 'members'}: ${list(names)}`,
    ...(alone.length > 0 ? [`note: nobody else is up in ${list(alone.map((pool) => `pool ${pool}`))}`] : []),
    ...(outranked.length > 0 ? [`note: orders of people are stronger for ${list(outranked.map(({ member }) => member))}`] : []),
    `undo: ${undoOf(created)}`,
  ].join('\n');
}

/** Pools that would be left without a member that is up. */
function poolsWithoutOthers(named: ReadonlySet<string>, members: readonly MemberReport[]): string[] {
  const isOther = ({ member, families }: MemberReport): boolean => !named.has(member) && families.some(({ isUp }) => isUp);
  const others = new Set(members.filter(isOther).map(({ pool }) => pool));
  const touched = members.filter(({ member }) => named.has(member)).map(({ pool }) => pool);
  return [...new Set(touched)].filter((pool) => !others.has(pool));
}

/** What was taken back, and how to order it again. */
export const recalledText = (removed: readonly Override[], nowMs: number): string =>
  removed
    .flatMap((order) => [
      oneLine(`${order.glob} is no longer ${DONE[order.action]} (by ${byText(order)}: ${order.reason})`),
      `undo: ${repeatOf(order, nowMs)}`,
    ])
    .join('\n');

/** Orders that are not over: those stay in the set until it is changed next. */
export const inForce = ({ overrides }: OverrideSet, nowMs: number): Override[] =>
  overrides.filter(({ expiresMs }) => expiresMs === null || expiresMs > nowMs);

/** The orders in force, the newest first. */
export function orderListText(set: OverrideSet, nowMs: number): string {
  const newestFirst = inForce(set, nowMs).sort((a, b) => b.createdMs - a.createdMs);
  if (newestFirst.length === 0) return 'no order is in force: traffic follows what the checks see';
  const row = (order: Override): string[] => [
    order.id,
    order.glob,
    DONE[order.action],
    `by ${byText(order)}`,
    `${lengthText(nowMs - order.createdMs)} ago`,
    endText(order, nowMs),
    order.reason,
  ];
  return [...columns(newestFirst.map(row), ''), 'undo: meridian override remove ID'].join('\n');
}

const byText = ({ source, author }: Override): string => (source === 'tool' ? `${author} (tool)` : author);

/** What is left is rounded up to a minute: `--for 2h` does not end in 1 h 59 min. */
function endText({ expiresMs }: Override, nowMs: number): string {
  if (expiresMs === null) return 'until it is taken back';
  const leftMs = expiresMs - nowMs;
  return `ends in ${lengthText(leftMs < MINUTE_MS ? leftMs : Math.ceil(leftMs / MINUTE_MS) * MINUTE_MS)}`;
}

/** A word for the shell: as it is, or in single quotes. */
const shellWord = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
