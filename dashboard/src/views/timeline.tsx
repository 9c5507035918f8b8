// What has happened, the newest first.

import type { AdminEvent } from '../../../src/admin/schemas/changes.ts';
import { More, useShown } from '../parts/many.tsx';
import { Panel } from '../parts/panel.tsx';
import { Sign } from '../parts/sign.tsx';
import { eventLook } from '../state.ts';
import { timeText } from '../text.ts';

interface Props {
  readonly events: readonly AdminEvent[];
  readonly nowMs: number;
}

const FEW = 40;

export function Timeline({ events, nowMs }: Props) {
  const [most, showMore] = useShown(FEW);
  return (
    <Panel id="events" title="Events" aside={<span class="count">{events.length === 0 ? '' : events.length}</span>}>
      {events.length === 0 && <p class="empty">Nothing has happened since the server started.</p>}
      <ol class="timeline" tabIndex={events.length === 0 ? -1 : 0} aria-label="Events, the newest first">
        {events.slice(0, most).map((event) => (
          <li key={event.id} class={`event level-${event.level}`}>
            <time dateTime={new Date(event.atMs).toISOString()}>{timeText(event.atMs, nowMs)}</time>
            <Sign {...eventLook(event)} />
            <span title={event.change === null ? undefined : `change ${event.change}`}>{event.text}</span>
          </li>
        ))}
      </ol>
      <More hidden={events.length - most} what="more events" onMore={showMore} />
    </Panel>
  );
}
