// The sites of this process in words, for `meridian status`.

import type { ListenerReport, ServerReport, SiteLoad, SiteReport } from '../../site/report.ts';
import { columns } from '../text/columns.ts';
import { oneLine } from '../text/plain-text.ts';

export function siteLines(sites: readonly SiteReport[]): string[] {
  return sites.flatMap((site) => ['', ...linesOf(site)]);
}

function linesOf({ site, isDraining, load, services, listeners }: SiteReport): string[] {
  const rows = services.flatMap(({ service, servers }) =>
    servers.map((server) => rowOf(`${site}/${service}/${server.server}`, server)),
  );
  return [
    `Site ${site}${isDraining ? ', DRAINING' : ''}: ${loadText(load)}`,
    ...columns(
      listeners.map(({ listener, kind, address, port, connections, counts }) => [
        `listener ${listener}`,
        kind,
        `${address} port ${port}`,
        `${connections} open`,
        troubleText(counts),
      ]),
      '  ',
    ),
    ...services.flatMap(({ service, algorithm, active, waiting }) => [
      `  service ${service}: ${algorithm}, ${active} under way${waiting > 0 ? `, ${waiting} WAITING` : ''}`,
    ]),
    ...columns(rows, '  '),
  ];
}

const rowOf = (name: string, { address, port, state, why, active, maxActive, total, failed }: ServerReport): string[] => [
  name,
  `${address} port ${port}`,
  state === 'up' ? 'up' : state.toUpperCase(),
  `${active}${maxActive === null ? '' : ` of ${maxActive}`} under way`,
  `${total} in all`,
  failed === 0 ? '' : `${failed} failed`,
  oneLine(why),
];

/** What became of clients that were not served: `12 refused by limit, 1 stalled`. */
const troubleText = (counts: ListenerReport['counts']): string =>
  Object.entries(counts)
    .filter(([name, count]) => TROUBLE.test(name) && typeof count === 'number' && count > 0)
    .map(([name, count]) => `${count} ${name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}`)
    .join(', ');

const TROUBLE = /^(?:refused.*|connectFailures|serverRefusals|idle|stalled|evicted|dropped|unserved)$/;

function loadText({ unit, current, target, max }: SiteLoad): string {
  const shown = (amount: number): string => (Number.isInteger(amount) ? String(amount) : amount.toFixed(1));
  if (max === null) return `load ${shown(current)} ${unit}`;
  return `load ${shown(current)} of ${shown(max)} ${unit}${target === null ? '' : `, target ${shown(target)}`}`;
}
