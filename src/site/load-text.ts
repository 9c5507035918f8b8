// How full a site is, in the two forms in which other balancers ask: JSON over HTTP, and the agent check of HAProxy.
//
// The agent check is one line of words. `up N%` sets the weight to N % of what HAProxy has configured, and takes back a `down` that we
// said. A drain is `up 0%`: unlike the word `drain` it changes no administrative state, which somebody would have to set back. HAProxy
// takes the reason of a `down` for part of the word unless a space is between. Source: its configuration manual, `agent-check`, and 2.6.12.

import type { ServiceReport, SiteReport } from './report.ts';

/** A whole HTTP response to a request whose head was read. */
export function loadResponse(head: string, report: SiteReport): string {
  const [method, target] = head.split(' ', 2);
  const path = target?.split('?', 1)[0];
  if (path !== '/load') return response('404 Not Found', { error: 'only /load is here' }, method);
  if (method !== 'GET' && method !== 'HEAD') return response('405 Method Not Allowed', { error: 'only GET' }, method);
  const { site, isDraining, load, services } = report;
  const told = services.map(({ service, active, waiting, availableShare, servers }) => ({
    service,
    active,
    waiting,
    availablePercent: Math.round(100 * availableShare),
    servers: servers.map(({ server, state, active: current, maxActive: max }) => ({ server, state, current, max })),
  }));
  return response('200 OK', { site, isDraining, ...load, services: told }, method);
}

function response(status: string, body: object, method: string | undefined): string {
  const text = `${JSON.stringify(body)}\n`;
  const head = [
    `HTTP/1.1 ${status}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Cache-Control: no-store',
    ...(status.startsWith('405') ? ['Allow: GET, HEAD'] : []),
    'Connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${method === 'HEAD' ? '' : text}`;
}

/** The line for HAProxy, of one service or (null) of all. */
export function agentCheckLine(service: string | null, { isDraining, load, services }: SiteReport): string {
  const named = services.filter((one) => service === null || one.service === service);
  if (isDraining) return 'up 0%\n';
  const without = named.find(({ availableShare }) => availableShare === 0);
  if (without !== undefined) return `down #no server of ${without.service} can be chosen\n`;
  return `up ${Math.max(1, Math.min(100, Math.round(100 * shareLeft(named) * roomLeft(named, service === null ? load : null))))}%\n`;
}

/** What is there of the servers. */
const shareLeft = (services: readonly ServiceReport[]): number =>
  services.reduce((least, { availableShare }) => Math.min(least, availableShare), 1);

/** What is free of what is there; 1 if nobody has said how much that is. */
function roomLeft(services: readonly ServiceReport[], load: SiteReport['load'] | null): number {
  if (load !== null && load.max !== null) return load.max === 0 ? 0 : Math.max(0, 1 - load.current / load.max);
  const usable = services.flatMap(({ servers }) => servers.filter(({ state, weight }) => isUsable(state) && weight > 0));
  if (usable.length === 0 || usable.some(({ maxActive }) => maxActive === null)) return 1;
  const most = usable.reduce((sum, { maxActive }) => sum + maxActive!, 0);
  const active = usable.reduce((sum, one) => sum + one.active, 0);
  return Math.max(0, 1 - active / most);
}

const isUsable = (state: string): boolean => state === 'up' || state === 'forced up' || state === 'on trial';
