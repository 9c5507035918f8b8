// What of a site's configuration a balancer that is not our own carries out: its services, and the listeners where clients connect.
// Listeners that tell of the load stay with the agent.

import type { UdpFrontSettings } from '../model/site.ts';
import type { AgentListener, SiteAgentSettings } from '../model/site-agent.ts';
import type { DriverFront, DriverPlan } from '../model/site-driver.ts';
import type { HttpFrontSettings } from '../model/site-http.ts';

export function planOf({ services, listeners }: Pick<SiteAgentSettings, 'services' | 'listeners'>): DriverPlan {
  return { services, fronts: listeners.flatMap((listener) => frontOf(listener) ?? []) };
}

/** Whether clients connect there; the others ask how full the site is. */
export const isForClients = ({ kind }: AgentListener): boolean => kind !== 'load' && kind !== 'agent-check';

function frontOf(listener: AgentListener): DriverFront | undefined {
  const { id } = listener;
  if (listener.kind === 'tcp') {
    return listener.service === null ? undefined : { id, serviceId: listener.service, protocol: 'tcp', settings: listener.front };
  }
  if (listener.kind === 'udp') return { id, serviceId: listener.service, protocol: 'udp', settings: udpFrontOf(listener.front) };
  if (listener.kind !== 'http') return undefined;
  const action = listener.front.routes[0]?.action;
  return action?.kind === 'service'
    ? { id, serviceId: action.service, protocol: 'http', settings: httpFrontOf(listener.front) }
    : undefined;
}

/** What is refused where another balancer would be told of it, or has no meaning there. */
const NO_TCP = {
  ...{ connectionRate: null, connectionRatePerClient: null, stallTimeoutMs: 60_000, silenceTimeoutMs: null },
  ...{ connectTimeoutMs: 2000, attempts: 1, headerTimeoutMs: 3000, proxyFrom: [], proxyTo: null },
} as const;

/** Of a listener with one route, for everything: config/driver-checks.ts lets no other through. */
const httpFrontOf = ({
  address,
  port,
  limits,
  timeouts,
  routes,
  keyPrefixV4,
  keyPrefixV6,
}: HttpFrontSettings): DriverFront['settings'] => ({
  ...NO_TCP,
  ...{ address, port, keyPrefixV4, keyPrefixV6 },
  mostConnections: limits.mostConnections,
  mostConnectionsPerClient: limits.mostConnectionsPerClient,
  connectTimeoutMs: timeouts.connectMs,
  attempts: routes[0]!.retries.attempts,
  idleTimeoutMs: timeouts.responseMs,
  headerTimeoutMs: timeouts.headMs,
});

const udpFrontOf = (front: UdpFrontSettings): DriverFront['settings'] => ({
  ...{ address: front.address, port: front.port, keyPrefixV4: front.keyPrefixV4, keyPrefixV6: front.keyPrefixV6 },
  ...NO_TCP,
  mostConnections: front.mostFlows,
  mostConnectionsPerClient: front.mostFlowsPerClient,
  idleTimeoutMs: front.idleTimeoutMs,
});
