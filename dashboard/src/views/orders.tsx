// What people and tools have ordered, and how to take it back.

import type { OverrideItem } from '../../../src/admin/schemas/changes.ts';
import { More, useShown } from '../parts/many.tsx';
import { Panel } from '../parts/panel.tsx';
import { ACTION_TEXT } from '../state.ts';
import { plural, roundLengthText, timeText } from '../text.ts';
import type { Wish } from './site-list.tsx';

interface Props {
  readonly orders: readonly OverrideItem[];
  readonly nowMs: number;
  readonly mayChange: boolean;
  onWish(wish: Wish): void;
}

/** With more, those that were given last come first; the others are shown when they are asked for. */
const FEW = 8;

export function Orders({ orders, nowMs, mayChange, onWish }: Props) {
  const [most, showMore] = useShown(FEW);
  const inForce = orders.filter(({ expiresMs }) => expiresMs === null || expiresMs > nowMs);
  const told = inForce.length <= FEW ? inForce : [...inForce].sort((a, b) => b.createdMs - a.createdMs).slice(0, most);
  return (
    <Panel id="orders" title="Orders" aside={<span class="count">{inForce.length}</span>}>
      {inForce.length === 0 && <p class="empty">Nothing is forced or drained.</p>}
      <ul class="rows">
        {told.map((order) => (
          <li key={order.id} class="order-row">
            <div>
              <b>{order.glob}</b> {ACTION_TEXT[order.action]}
              <span class="quiet">
                by {order.author}
                {order.source === 'tool' ? ' (tool)' : ''} {roundLengthText(nowMs - order.createdMs)} ago
                {order.expiresMs === null ? '' : `, until ${timeText(order.expiresMs, nowMs)}`}; {membersText(order)}
                {order.leftPercent === null ? '' : `, ${Math.round(order.leftPercent)} % left`}
              </span>
              <span class="reason">{order.reason}</span>
            </div>
            {mayChange && (
              <button
                type="button"
                class="act act-undo"
                aria-label={`Take back: ${order.glob} ${ACTION_TEXT[order.action]}`}
                onClick={() => onWish({ kind: 'recall', order })}
              >
                Take back
              </button>
            )}
          </li>
        ))}
      </ul>
      <More hidden={inForce.length - told.length} what="more orders" onMore={showMore} />
    </Panel>
  );
}

const membersText = ({ members }: OverrideItem): string =>
  members.length === 0 ? 'NAMES NOBODY' : plural(members.length, 'member');
