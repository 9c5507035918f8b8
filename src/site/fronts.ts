// A listener of each kind, as one that can be begun, changed and closed whatever it does.

import type { Clock } from '../base/clock.ts';
import type { Problem } from '../base/errors.ts';
import { ok, type Result } from '../base/result.ts';
import type { FlowGroup, FlowHeir, PassedFlows } from '../model/passed-flows.ts';
import type { AgentListener, TcpListener, UdpListener } from '../model/site-agent.ts';
import type { ClientRtts } from './client-rtts.ts';
import type { ClientSample } from './client-sample.ts';
import type { Posted } from './drivers/readers/posted.ts';
import { relayAddon } from './l4/relay-addon.ts';
import { ServerNames } from './l4/server-names.ts';
import { TcpFront, type TcpTarget } from './l4/tcp-front.ts';
import { UdpFront } from './l4/udp-front.ts';
import { HttpFront } from './l7/http-front.ts';
import { LineServer } from './line-server.ts';
import type { ListeningPort } from './listening.ts';
import { agentCheckLine, loadResponse, postedSize } from './load-text.ts';
import type { SiteReport } from './report.ts';
import type { Service } from './service.ts';
import type { Sharing } from './sharing.ts';

export type Services = ReadonlyMap<string, Service>;

/** A listener at work, whatever its kind. */
export interface Front {
  readonly port: number;
  readonly connections: number;
  readonly counts: object;
  /** New clients are its own from now on, whoever had them before. */
  begin(): void;
  /** For all clients from now on. With a problem nothing has changed. */
  replace(listener: AgentListener, services: Services): Promise<readonly Problem[]>;
  /**
   * Stops listening at once, unless another one has begun in its place; resolves when no connection is left, after `graceMs` at the
   * latest. Idle ones may be so for `idleMs`.
   */
  close(graceMs: number, idleMs: number): Promise<void>;
  /** Takes stored responses out of its cache. Only of those that have one. */
  purge?(parts: readonly string[]): { readonly purged: number; readonly left: number };
  /** Whether its site is drained, and clients are late. Only of those that treat them in another way. */
  late?(isLate: boolean): void;
  /** Somebody else has the socket from now on; the flows that there were. Only of datagrams. */
  handOver?(heir: FlowHeir): readonly FlowGroup[];
  /** Goes on as if it had not been closed; false: too late. Only of those that keep their port while they close. */
  revive?(): boolean;
}

/** What listeners need of the agent. */
export interface Surroundings {
  readonly sharing: Sharing;
  /** Where round trips of clients are noted. */
  readonly clientRtts: ClientRtts;
  /** Where it is noted whose the load is. */
  readonly sample: ClientSample;
  /** Of the load. */
  readonly report: () => SiteReport;
  /** Who takes what others tell of it; null = nobody. */
  readonly posted: () => Posted | null;
}

/** One that takes the connections of `port` from `begin` on. */
export async function makeFront(
  listener: Exclude<AgentListener, UdpListener>,
  services: Services,
  port: ListeningPort,
  clock: Clock,
  { report, posted, sharing, clientRtts, sample }: Surroundings,
): Promise<Result<Front, readonly Problem[]>> {
  switch (listener.kind) {
    case 'tcp': {
      const target = targetOf(listener, services);
      const front = new TcpFront(listener.front, target, clock, port, relayAddon, clientRtts, sample);
      return ok(
        frontOf(front, {
          replace: async (next, others) => {
            if (next.kind === 'tcp') front.replace(next.front, targetOf(next, others));
            return [];
          },
          close: (graceMs) => front.close(graceMs),
        }),
      );
    }
    case 'http': {
      const made = await HttpFront.open(listener.front, services, clock, undefined, port, sharing, sample);
      if (!made.ok) return made;
      const front = made.value;
      return ok(
        frontOf(front, {
          replace: async (next, others) => (next.kind === 'http' ? front.replace(next.front, others) : []),
          close: (graceMs, idleMs) => front.drain(graceMs, idleMs),
          late: (isLate) => front.setLate(isLate),
          purge: (parts) => front.purge(parts),
        }),
      );
    }
    case 'load':
      return ok(
        teller(
          new LineServer(port, {
            on: 'request',
            bodySize: postedSize,
            reply: (head, body) => loadResponse(head, body, report(), posted()),
          }),
        ),
      );
    case 'agent-check': {
      let { service } = listener;
      const front = new LineServer(port, { on: 'connection', reply: () => agentCheckLine(service, report()) });
      const follow = (next: AgentListener): void => {
        if (next.kind === 'agent-check') service = next.service;
      };
      return ok(teller(front, follow));
    }
  }
}

/** One that has its port from now on, and takes datagrams from `begin` on. */
export async function openUdp(
  listener: UdpListener,
  services: Services,
  clock: Clock,
  passed: PassedFlows | null,
  sample: ClientSample,
): Promise<Result<Front, Problem>> {
  const opened = await UdpFront.open(listener.front, services.get(listener.service)!, clock, passed, sample);
  if (!opened.ok) return opened;
  const front = opened.value;
  return ok(
    frontOf(front, {
      replace: async (next, others) => {
        if (next.kind === 'udp') front.replace(next.front, others.get(next.service)!);
        return [];
      },
      close: (graceMs) => front.close(graceMs),
      revive: () => front.revive(),
      handOver: (heir) => front.handOver(heir),
    }),
  );
}

const frontOf = (
  front: Pick<Front, 'port' | 'connections' | 'counts' | 'begin'>,
  behaviour: Pick<Front, 'replace' | 'close' | 'revive' | 'late' | 'purge' | 'handOver'>,
): Front => ({
  get port() {
    return front.port;
  },
  get connections() {
    return front.connections;
  },
  counts: front.counts,
  begin: () => front.begin(),
  ...behaviour,
});

const teller = (front: LineServer, follow: (next: AgentListener) => void = () => {}): Front =>
  frontOf(front, {
    replace: async (next) => {
      follow(next);
      return [];
    },
    close: async () => front.close(),
  });

function targetOf({ service, serverNames }: TcpListener, services: Services): TcpTarget {
  const otherwise = service === null ? null : services.get(service)!;
  if (serverNames.length === 0) return otherwise!;
  return new ServerNames(new Map(serverNames.map((route) => [route.name, services.get(route.service)!])), otherwise);
}
