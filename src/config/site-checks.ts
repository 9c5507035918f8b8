// What must hold between the parts of one site: every listener has one kind and a place of its own, names are those of services
// that are there, and no service leads back to a listener of the same agent.

import type { z } from 'zod';
import type { Endpoint } from '../model/endpoint.ts';
import { complaint } from './fields.ts';
import { didYouMean, list } from './suggest.ts';
import type { Path } from './yaml.ts';

type Complain = Pick<z.core.$RefinementCtx, 'addIssue'>;

export const LISTENER_KINDS = ['tcp', 'http', 'load', 'agentCheck'] as const;

interface HttpRoutes {
  readonly routes: readonly { readonly service?: string | undefined }[];
}

interface Listener {
  readonly listen: Endpoint;
  readonly tcp?: { readonly service: string } | undefined;
  readonly http?: (HttpRoutes & { readonly service?: string | undefined }) | undefined;
  readonly load?: object | undefined;
  readonly agentCheck?: { readonly service: string | null } | undefined;
}

interface Site {
  readonly services: Readonly<Record<string, { readonly servers: Readonly<Record<string, { readonly address: Endpoint }>> }>>;
  readonly listeners: Readonly<Record<string, Listener>>;
}

export function checkListener(listener: Listener, { addIssue }: Complain): void {
  const given = LISTENER_KINDS.filter((kind) => listener[kind] !== undefined);
  if (given.length === 1) return;
  const found = given.length === 0 ? 'does nothing' : `has ${given.join(' and ')}`;
  const message = `${found}; a listener has exactly one of ${LISTENER_KINDS.join(', ')}`;
  addIssue(complaint(given.length === 0 ? 'ERR_CONFIG_MISSING' : 'ERR_CONFIG_VALUE', message));
}

/** The services that a listener names, with the way to each name. */
export function servicesNamed({ tcp, http, agentCheck }: Listener): { readonly path: Path; readonly service: string }[] {
  const named: (readonly [path: Path, service: string | null | undefined])[] = [
    [['tcp', 'service'], tcp?.service],
    [['http', 'service'], http?.service],
    ...(http?.routes ?? []).map((route, i) => [['http', 'routes', i, 'service'], route.service] as const),
    [['agentCheck', 'service'], agentCheck?.service],
  ];
  return named.flatMap(([path, service]) => (service === undefined || service === null ? [] : [{ path, service }]));
}

export function checkServices({ services, listeners }: Site, { addIssue }: Complain): void {
  const known = Object.keys(services);
  const places: { readonly id: string; readonly listen: Endpoint }[] = [];
  for (const [id, listener] of Object.entries(listeners)) {
    for (const { path, service } of servicesNamed(listener)) {
      if (Object.hasOwn(services, service)) continue;
      const hint = didYouMean(service, known) || ';';
      const message = `names the service "${service}", which is not defined at this site${hint} defined are: ${list(known)}`;
      addIssue({ ...complaint('ERR_CONFIG_REFERENCE', message), path: ['listeners', id, ...path] });
    }
    const { listen } = listener;
    const other = places.find((place) => meets(place.listen, listen));
    if (other !== undefined) {
      const message = `is ${textOf(listen)}, where the listener "${other.id}" is (${textOf(other.listen)}); each needs an address or a port of its own`;
      addIssue({ ...complaint('ERR_CONFIG_DUPLICATE', message), path: ['listeners', id, 'listen'] });
    }
    places.push({ id, listen });
  }
  for (const [service, { servers }] of Object.entries(services)) checkLoops(service, servers, places, addIssue);
}

/** A server that is a listener of the same agent: each connection would make another one, without end. */
function checkLoops(
  service: string,
  servers: Site['services'][string]['servers'],
  places: readonly { readonly id: string; readonly listen: Endpoint }[],
  addIssue: Complain['addIssue'],
): void {
  for (const [id, { address }] of Object.entries(servers)) {
    const listener = places.find(({ listen }) => reaches(listen, address));
    if (listener === undefined) continue;
    const message = `is ${textOf(address)}, which is the listener "${listener.id}" of this agent itself: connections would go round in circles`;
    addIssue({ ...complaint('ERR_CONFIG_CYCLE', message), path: ['services', service, 'servers', id, 'address'] });
  }
}

const WILDCARDS: readonly string[] = ['0.0.0.0', '::'];

const isOfOneFamily = (a: Endpoint, b: Endpoint): boolean => a.address.includes(':') === b.address.includes(':');
const isWildcard = ({ address }: Endpoint): boolean => WILDCARDS.includes(address);
const isLoopback = ({ address }: Endpoint): boolean => address === '::1' || address.startsWith('127.');

/** Whether the system would refuse to listen at both. */
function meets(a: Endpoint, b: Endpoint): boolean {
  if (a.port !== b.port || a.port === 0 || !isOfOneFamily(a, b)) return false;
  return a.address === b.address || isWildcard(a) || isWildcard(b);
}

/** Whether a connection to `address` surely comes to `listen`. Which other addresses this machine will have is not known here. */
function reaches(listen: Endpoint, address: Endpoint): boolean {
  if (listen.port !== address.port || !isOfOneFamily(listen, address)) return false;
  return listen.address === address.address || (isWildcard(listen) && (isLoopback(address) || isWildcard(address)));
}

const textOf = ({ address, port }: Endpoint): string => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`);
