// The sites of this process in words, for `meridian status`.

import { type LoadUnit, NETWORKS_MAX, SAMPLE_MS } from '../../model/capacity.ts';
import type { DriverReport, ListenerReport, ServerReport, SiteLoad, SiteReport } from '../../site/report.ts';
import { columns } from '../text/columns.ts';
import { oneLine } from '../text/plain-text.ts';
import type { AddressReport } from './address-desk.ts';

export function siteLines(sites: readonly SiteReport[]): string[] {
  return sites.flatMap((site) => ['', ...linesOf(site)]);
}

/** Virtual addresses, and who has them. */
export function addressLines(addresses: readonly AddressReport[]): string[] {
  if (addresses.length === 0) return [];
  return ['', ...columns(addresses.map(addressRow))];
}

function addressRow({ site, id, address, isOurs, holder, token, leftMs, trouble }: AddressReport): string[] {
  const who = isOurs
    ? `OURS, for ${(leftMs / 1000).toFixed(1)} s unless renewed`
    : holder === null
      ? 'nobody has it'
      : `at ${holder}`;
  return [
    `address ${site}/${id}`,
    address,
    who,
    token === 0 ? '' : `token ${token}`,
    trouble === null ? '' : `TROUBLE: ${oneLine(trouble)}`,
  ];
}

function linesOf({ site, isDraining, load, services, listeners, driver, shared, clientRtts, clients }: SiteReport): string[] {
  const unit = load?.unit ?? 'connections';
  const rows = services.flatMap(({ service, servers }) =>
    servers.map((server) => rowOf(`${site}/${service}/${server.server}`, server, unit)),
  );
  return [
    `Site ${site}${isDraining ? ', DRAINING' : ''}: ${load === null ? 'load NOT KNOWN' : loadText(load)}`,
    ...(driver === null ? [] : [driverText(driver)]),
    ...(shared === null || shared.trouble === null ? [] : [sharedText(shared)]),
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
      `  service ${service}: ${algorithm}, ${shown(active)} ${driver === null || unit === 'connections' ? 'under way' : unit}${waiting > 0 ? `, ${waiting} WAITING` : ''}`,
    ]),
    ...columns(rows, '  '),
    ...clientLines(clients),
    ...rttLines(clientRtts),
  ];
}

/** Whose the load is; `clients` has the greatest first. */
function clientLines(clients: SiteReport['clients']): string[] {
  const [most] = clients;
  if (most === undefined) return [];
  const parts = clients.reduce((sum, one) => sum + one.parts, 0);
  const share = `${Math.round((100 * most.parts) / parts)} %`;
  const spread =
    clients.length === 1 ? `all from ${most.network}` : `${clients.length} networks, most from ${most.network} (${share})`;
  return [`  clients  a sample of ${parts} of the last ${SAMPLE_MS / 1000} s: ${spread}`];
}

const MOST_NETWORKS_SHOWN = 3;

function rttLines({ networks, most }: SiteReport['clientRtts']): string[] {
  if (most.length === 0) return [];
  const shownOnes = most.slice(0, MOST_NETWORKS_SHOWN);
  const others = networks - shownOnes.length;
  return [
    `  round trips of clients in ${networks} ${networks === 1 ? 'network' : 'networks'}`,
    ...columns(
      shownOnes.map(({ network, connections, leastUs, smoothedUs }) => [
        network,
        `${milliseconds(smoothedUs)} ms`,
        `least ${milliseconds(leastUs)} ms`,
        `${connections} ${connections === 1 ? 'connection' : 'connections'}`,
      ]),
      '    ',
    ),
    ...(others > 0 ? [`    and ${others} more (--json has up to ${NETWORKS_MAX})`] : []),
  ];
}

const milliseconds = (us: number): string => (us < 10_000 ? (us / 1000).toFixed(2) : (us / 1000).toFixed(0));

const rowOf = (
  name: string,
  { address, port, state, why, active, maxActive, total, failed }: ServerReport,
  unit: LoadUnit,
): string[] => [
  name,
  address === null ? '' : `${address} port ${port}`,
  state === 'up' ? 'up' : state.toUpperCase(),
  `${shown(active)}${maxActive === null ? '' : ` of ${maxActive}`} ${total !== null || unit === 'connections' ? 'under way' : unit}`,
  total === null ? '' : `${total} in all`,
  failed === 0 || failed === null ? '' : `${failed} failed`,
  oneLine(why),
];

/** What became of clients that were not served: `12 refused by limit, 1 stalled`. */
const troubleText = (counts: ListenerReport['counts']): string =>
  Object.entries(counts)
    .filter(([name, count]) => TROUBLE.test(name) && typeof count === 'number' && count > 0)
    .map(([name, count]) => `${count} ${name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}`)
    .join(', ');

const TROUBLE = /^(?:refused.*|connectFailures|serverRefusals|idle|stalled|evicted|dropped|unserved)$/;

function driverText({ kind, ageMs, trouble }: DriverReport): string {
  const read = ageMs === null ? 'not read yet' : `read ${(ageMs / 1000).toFixed(1)} s ago`;
  return `  balancer ${kind}: ${read}${trouble === null ? '' : `, TROUBLE: ${oneLine(trouble)}`}`;
}

/** Only while something is wrong: that agents know of one another is how it should be. */
const sharedText = ({ unanswered, trouble }: NonNullable<SiteReport['shared']>): string =>
  `  limits and tables of the site: THIS AGENT ALONE, ${unanswered} unanswered, ${oneLine(trouble ?? '')}`;

const shown = (amount: number): string => (Number.isInteger(amount) ? String(amount) : amount.toFixed(1));

function loadText({ unit, current, target, max }: SiteLoad): string {
  if (max === null) return `load ${shown(current)} ${unit}`;
  return `load ${shown(current)} of ${shown(max)} ${unit}${target === null ? '' : `, target ${shown(target)}`}`;
}
