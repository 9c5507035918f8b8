// How full a site is, in the two forms in which other balancers ask: JSON over HTTP, and the agent check of HAProxy.
//
// The agent check is one line of words. `up N%` sets the weight to N % of what HAProxy has configured, and takes back a `down` that we
// said. A drain is `up 0%`: unlike the word `drain` it changes no administrative state, which somebody would have to set back. HAProxy
// takes the reason of a `down` for part of the word unless a space is between. Source: its configuration manual, `agent-check`, and 2.6.12.

import type { Problem } from '../base/errors.ts';
import type { Result } from '../base/result.ts';
import { POSTED_MAX_SIZE, type Posted } from './drivers/readers/posted.ts';
import type { ServiceReport, SiteReport } from './report.ts';

/** Octets of a body that is worth reading. */
export function postedSize(head: string): number {
  const size = lengthIn(head);
  return head.startsWith('POST ') && size !== undefined && size <= POSTED_MAX_SIZE ? size : 0;
}

/** A length that is there once, in plain digits. */
function lengthIn(head: string): number | undefined {
  const lengths = head.match(/^content-length:.*$/gim) ?? [];
  const digits = lengths.length === 1 ? /^content-length:[ \t]*(\d{1,9})[ \t]*$/i.exec(lengths[0]!.replace(/\r$/, '')) : null;
  return digits === null ? undefined : Number(digits[1]);
}

/** A whole HTTP response. `posted`: takes what is told; null = nothing is to be told here. */
export function loadResponse(head: string, body: string, report: SiteReport, posted: Pick<Posted, 'take'> | null): string {
  const [method, target] = head.split(' ', 2);
  const path = target?.split('?', 1)[0];
  if (path !== '/load') return response('404 Not Found', { error: 'only /load is here' }, method);
  if (method === 'POST' && posted !== null) return takeBody(head, body, posted);
  if (method !== 'GET' && method !== 'HEAD') {
    const error = posted === null ? 'only GET; POST needs "driver: { posted: {} }"' : 'only GET and POST';
    return response('405 Method Not Allowed', { error }, method, posted === null ? 'GET, HEAD' : 'GET, HEAD, POST');
  }
  const { site, isDraining, load, services, driver } = report;
  if (load === null)
    return response('503 Service Unavailable', { site, isDraining, error: driver?.trouble ?? 'not known' }, method);
  const told = services.map(({ service, active, waiting, availableShare, servers }) => ({
    service,
    active,
    waiting,
    availablePercent: Math.round(100 * availableShare),
    servers: servers.map(({ server, state, active: current, maxActive: max }) => ({ server, state, current, max })),
  }));
  return response('200 OK', { site, isDraining, ...load, services: told }, method);
}

function takeBody(head: string, body: string, posted: Pick<Posted, 'take'>): string {
  const size = lengthIn(head);
  if (size === undefined) return response('411 Length Required', { error: 'one Content-Length is needed' }, 'POST');
  if (size > POSTED_MAX_SIZE) {
    return response('413 Content Too Large', { error: `at most ${POSTED_MAX_SIZE} octets, found ${size}` }, 'POST');
  }
  const taken: Result<unknown, Problem> = posted.take(Buffer.from(body, 'latin1').toString('utf8'));
  return taken.ok
    ? response('200 OK', { isTaken: true }, 'POST')
    : response('400 Bad Request', { code: taken.error.code, error: taken.error.message }, 'POST');
}

function response(status: string, body: object, method: string | undefined, allow?: string): string {
  const text = `${JSON.stringify(body)}\n`;
  const head = [
    `HTTP/1.1 ${status}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Cache-Control: no-store',
    ...(allow === undefined ? [] : [`Allow: ${allow}`]),
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
