// What must hold between the parts of one site: every listener has one kind and a place of its own, names are those of services
// that are there, and no service leads back to a listener of the same agent.

import type { z } from 'zod';
import { isLoopback } from '../base/loopback.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { complaint } from './fields.ts';
import { didYouMean, list } from './suggest.ts';
import type { Path } from './yaml.ts';

type Complain = Pick<z.core.$RefinementCtx, 'addIssue'>;

export const LISTENER_KINDS = ['tcp', 'udp', 'http', 'load', 'agentCheck'] as const;

interface HttpRoutes {
  readonly routes: readonly { readonly service?: string | undefined }[];
}

interface Late {
  readonly service?: string | undefined;
}

interface Listener {
  readonly listen: Endpoint;
  readonly tcp?: { readonly service?: string | undefined; readonly serverNames: Readonly<Record<string, string>> } | undefined;
  readonly udp?: { readonly service: string } | undefined;
  readonly http?: (HttpRoutes & { readonly service?: string | undefined; readonly lateClients: Late | null }) | undefined;
  readonly load?: object | undefined;
  readonly agentCheck?: { readonly service: string | null } | undefined;
}

interface Site {
  readonly services: Readonly<Record<string, { readonly servers: Readonly<Record<string, { readonly address: Endpoint }>> }>>;
  readonly listeners: Readonly<Record<string, Listener>>;
}

/** With a wildcard the system would choose the address that replies come from, and clients would not know them. */
function checkUdp(listen: Endpoint): string | null {
  if (!isWildcard(listen)) return null;
  return `is the wildcard ${listen.address}; a udp listener needs an address of its own, for its replies come from there`;
}

export function checkListener(listener: Listener, { addIssue }: Complain): void {
  const given = LISTENER_KINDS.filter((kind) => listener[kind] !== undefined);
  const wrong = given.length === 1 && listener.udp !== undefined ? checkUdp(listener.listen) : null;
  if (wrong !== null) addIssue({ ...complaint('ERR_CONFIG_VALUE', wrong), path: ['listen'] });
  if (given.length === 1) return;
  const found = given.length === 0 ? 'does nothing' : `has ${given.join(' and ')}`;
  const message = `${found}; a listener has exactly one of ${LISTENER_KINDS.join(', ')}`;
  addIssue(complaint(given.length === 0 ? 'ERR_CONFIG_MISSING' : 'ERR_CONFIG_VALUE', message));
}

/** The services that a listener names, with the way to each name. */
export function servicesNamed({ tcp, udp, http, agentCheck }: Listener): { readonly path: Path; readonly service: string }[] {
  const named: (readonly [path: Path, service: string | null | undefined])[] = [
    [['tcp', 'service'], tcp?.service],
    ...Object.entries(tcp?.serverNames ?? {}).map(([name, service]) => [['tcp', 'serverNames', name], service] as const),
    [['udp', 'service'], udp?.service],
    [['http', 'service'], http?.service],
    [['http', 'lateClients', 'service'], http?.lateClients?.service],
    ...(http?.routes ?? []).map((route, i) => [['http', 'routes', i, 'service'], route.service] as const),
    [['agentCheck', 'service'], agentCheck?.service],
  ];
  return named.flatMap(([path, service]) => (service === undefined || service === null ? [] : [{ path, service }]));
}

export function checkServices({ services, listeners }: Site, { addIssue }: Complain): void {
  const known = Object.keys(services);
  const places: Place[] = [];
  for (const [id, listener] of Object.entries(listeners)) {
    for (const { path, service } of servicesNamed(listener)) {
      if (Object.hasOwn(services, service)) continue;
      const hint = didYouMean(service, known) || ';';
      const message = `names the service "${service}", which is not defined at this site${hint} defined are: ${list(known)}`;
      addIssue({ ...complaint('ERR_CONFIG_REFERENCE', message), path: ['listeners', id, ...path] });
    }
    const { listen } = listener;
    const protocol = protocolOf(listener);
    const other = places.find((place) => place.protocol === protocol && meets(place.listen, listen));
    if (other !== undefined) {
      const message = `is ${textOf(listen)}, where the listener "${other.id}" is (${textOf(other.listen)}); each needs an address or a port of its own`;
      addIssue({ ...complaint('ERR_CONFIG_DUPLICATE', message), path: ['listeners', id, 'listen'] });
    }
    places.push({ id, listen, protocol });
  }
  for (const [service, { servers }] of Object.entries(services)) {
    const users = Object.values(listeners).filter((listener) =>
      servicesNamed(listener).some((named) => named.service === service),
    );
    const protocols = new Set(users.length === 0 ? ['tcp'] : users.map(protocolOf));
    const own = places.filter(({ protocol }) => protocols.has(protocol));
    checkLoops(service, servers, own, addIssue);
  }
}

/** Where a listener is. Ports of the two protocols have nothing to do with one another. */
interface Place {
  readonly id: string;
  readonly listen: Endpoint;
  readonly protocol: 'tcp' | 'udp';
}

const protocolOf = ({ udp }: Listener): 'tcp' | 'udp' => (udp === undefined ? 'tcp' : 'udp');

/** A server that is a listener of the same agent: each connection would make another one, without end. */
function checkLoops(
  service: string,
  servers: Site['services'][string]['servers'],
  places: readonly Place[],
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

/** Whether the system would refuse to listen at both. */
function meets(a: Endpoint, b: Endpoint): boolean {
  if (a.port !== b.port || a.port === 0 || !isOfOneFamily(a, b)) return false;
  return a.address === b.address || isWildcard(a) || isWildcard(b);
}

/** Whether a connection to `address` surely comes to `listen`. Which other addresses this machine will have is not known here. */
function reaches(listen: Endpoint, address: Endpoint): boolean {
  if (listen.port !== address.port || !isOfOneFamily(listen, address)) return false;
  return listen.address === address.address || (isWildcard(listen) && (isLoopback(address.address) || isWildcard(address)));
}

const textOf = ({ address, port }: Endpoint): string => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`);
