// Alerts in words, for `meridian status` and `meridian alerts`: the worst first, then what is silenced and whom nobody could tell.

import type { AlertReport } from '../watch/alert-desk.ts';
import { columns } from './columns.ts';
import { lengthText, oneLine } from './plain-text.ts';

/** Empty if there is nothing to say. `nowMs` is the wall clock. */
export function alertLines({ active, silences, receivers }: AlertReport, nowMs: number): string[] {
  const firing = active
    .filter(({ state }) => state === 'firing')
    .sort((a, b) => Number(b.severity === 'critical') - Number(a.severity === 'critical') || a.sinceMs - b.sinceMs);
  const troubled = receivers.filter(({ waiting, dead }) => waiting > 0 || dead > 0);
  return [
    ...(firing.length === 0 ? [] : ['', 'Alerts']),
    ...columns(
      firing.map(({ name, subject, severity, sinceMs, text, silence }) => [
        subject === '' ? name : `${name}/${subject}`,
        silence !== null ? 'silenced' : severity === 'critical' ? 'CRITICAL' : severity,
        lengthText(nowMs - sinceMs),
        oneLine(text),
      ]),
    ),
    ...(silences.length === 0 ? [] : ['', 'Silences']),
    ...columns(
      silences.map(({ id, what, author, reason, expiresMs }) => [
        what,
        `ends in ${lengthText(expiresMs - nowMs)}`,
        `by ${author}: ${oneLine(reason)}`,
        `undo: meridian silence --remove ${id}`,
      ]),
    ),
    ...(troubled.length === 0 ? [] : ['', 'Receivers of alerts']),
    ...columns(troubled.map(({ receiver, waiting, dead }) => [receiver, `${waiting} wait`, `${dead} were given up`])),
  ];
}
