// What the agent of a site does: services, the listeners that clients and other balancers connect to, the checks of servers, and what
// it says of its load. Checked, plain data, deeply readonly. site/ acts on it, app/ runs the checks. docs/site.md.

import type { LoadUnit } from './capacity.ts';
import type { Cadence, CheckKind } from './probe.ts';
import type { ServerNameRoute, SiteService, TcpFrontSettings, UdpFrontSettings } from './site.ts';
import type { DriverSettings } from './site-driver.ts';
import type { HttpFrontSettings } from './site-http.ts';

/** How the servers of a service are checked. */
export interface ServerCheck {
  readonly check: CheckKind;
  readonly cadence: Cadence;
  /** null = the port of each server. */
  readonly port: number | null;
}

export interface AgentService extends SiteService {
  /** null = servers count as up until passive detection says otherwise. */
  readonly check: ServerCheck | null;
}

/** Where somebody connects. `id` names it for people; what tells listeners apart is their address and port. */
export type AgentListener =
  | TcpListener
  | UdpListener
  | { readonly kind: 'http'; readonly id: string; readonly front: HttpFrontSettings }
  /** GET /load tells other balancers how full the site is, as JSON. */
  | { readonly kind: 'load'; readonly id: string; readonly front: ListenAddress }
  /** One line for the agent check of HAProxy; `service` null speaks of all services. */
  | { readonly kind: 'agent-check'; readonly id: string; readonly service: string | null; readonly front: ListenAddress };

export interface TcpListener {
  readonly kind: 'tcp';
  readonly id: string;
  /** For all that `serverNames` does not name; null = they are refused. */
  readonly service: string | null;
  /** Not empty: clients speak TLS, and the name that they ask for decides. */
  readonly serverNames: readonly ServerNameRoute[];
  readonly front: TcpFrontSettings;
}

export interface UdpListener {
  readonly kind: 'udp';
  readonly id: string;
  readonly service: string;
  readonly front: UdpFrontSettings;
}

export interface ListenAddress {
  /** Numeric address; port 0 takes a free one. */
  readonly address: string;
  readonly port: number;
}

/** What load is counted in, and how much the site bears while all of its servers are there. */
export interface LoadSettings {
  readonly unit: LoadUnit;
  /** null = the sum of what servers may have at once, where all have a limit and the unit is connections; else not known. */
  readonly max: number | null;
  /** null = TARGET_OF_MAX of max. */
  readonly target: number | null;
}

/** An address that one agent of the site has at a time. */
export interface VirtualAddress {
  readonly id: string;
  /** With its prefix: `192.0.2.10/24`. */
  readonly address: string;
  /** Who cannot renew it for so long has lost it. */
  readonly leaseMs: number;
  readonly mover:
    | { readonly kind: 'device'; readonly device: string }
    /** Further arguments: take, renew or release; the name; the address; the token; how many seconds it is valid. */
    | { readonly kind: 'hook'; readonly argv: readonly string[] };
}

export interface SiteAgentSettings {
  /** Id of the site. */
  readonly site: string;
  readonly services: readonly AgentService[];
  readonly listeners: readonly AgentListener[];
  readonly load: LoadSettings;
  /** Whether it says from which networks its load comes; only of our own balancer. */
  readonly clients: boolean;
  /** A balancer that is already there, in place of our own; null = our own. What is only read has neither services nor fronts. */
  readonly driver: DriverSettings | null;
  readonly addresses: readonly VirtualAddress[];
  /** How long a request waits for what the agents of the site share. */
  readonly patienceMs: number;
  /** How long connections of a listener that closes may go on, and so how long a stop takes at most. */
  readonly drainTimeoutMs: number;
}

/** Of all servers of these agents. */
export const serverNames = (agents: readonly Pick<SiteAgentSettings, 'site' | 'services'>[]): readonly string[] =>
  agents.flatMap(({ site, services }) =>
    services.flatMap(({ id, servers }) => servers.map((server) => serverName(site, id, server.id))),
  );

/** Who a server is for people and orders: `site/service/server`. */
export const serverName = (site: string, service: string, server: string): string => `${site}/${service}/${server}`;
