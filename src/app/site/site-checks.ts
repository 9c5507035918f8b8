// Looks at the servers of a site from beside them: the same checks, damping and flap guard as those of members, but what is found stays
// here. Nobody votes: whoever balances is the one who must know.

import type { Clock } from '../../base/clock.ts';
import type { ProbeSpec, Target } from '../../model/probe.ts';
import type { SiteServer } from '../../model/site.ts';
import type { AgentService, ServerCheck } from '../../model/site-agent.ts';
import { AddressRules } from '../../probe/address-rules.ts';
import { TargetChecker } from '../../probe/checker.ts';
import { Prober } from '../../probe/prober.ts';
import { Resolver } from '../../probe/resolver.ts';
import type { Seen } from '../../site/standing.ts';
import { Sightings } from '../health/sightings.ts';

/** Servers are few and near: bounds on descriptors are enough. */
const LIMITS = { concurrency: 256, perSecond: 0, perHostPerSecond: 0 };
/** An agent may balance for servers on its own machine: it connects to them anyway, so checks may too. */
const ANY_ADDRESS: readonly [] = [];
const EVERYWHERE = [
  { family: 4, octets: new Uint8Array(4), prefixLen: 0 },
  { family: 6, octets: new Uint8Array(16), prefixLen: 0 },
] as const;

export interface SiteChecksOptions {
  readonly site: string;
  readonly clock: Clock;
  /** What a server says of its load. */
  readonly onMetrics: (service: string, server: string, report: string) => void;
  /** Called when the opinion on a server has changed, or its reason. */
  readonly onSeen: (service: string, server: string, seen: Seen, isTurned: boolean) => void;
}

export class SiteChecks {
  readonly #options: SiteChecksOptions;
  readonly #sightings = new Sightings();
  readonly #prober: Prober;
  #places = new Map<string, readonly [service: string, server: string]>();

  constructor(options: SiteChecksOptions) {
    const { site, clock } = options;
    this.#options = options;
    this.#prober = new Prober({
      id: `agent of ${site}`,
      checker: new TargetChecker(new AddressRules(EVERYWHERE, ANY_ADDRESS), new Resolver(clock), clock),
      clock,
      random: Math.random,
      limits: LIMITS,
      nextDelayMs: (target) => this.#sightings.delayMs(target),
      onResult: (target, result, nowMs) => {
        const found = this.#sightings.take(target.key, result, { nowMs, atSec: Math.floor(clock.monotonicMs() / 1000) });
        const place = this.#places.get(target.key);
        if (place !== undefined && result.body !== undefined) this.#options.onMetrics(...place, result.body);
        if (found === undefined || place === undefined) return;
        const { isUp, detail } = found.opinion;
        this.#options.onSeen(
          ...place,
          { isUp, why: detail === '' ? (isUp ? 'check passed' : 'check failed') : detail },
          found.isTurned,
        );
      },
    });
  }

  /** Checks these servers from now on; what is known of those that stay is kept. */
  follow(services: readonly AgentService[]): void {
    const targets: Target[] = [];
    this.#places = new Map();
    for (const service of services) {
      if (service.check === null) continue;
      const probe = probeOf(service, service.check);
      for (const server of service.servers) {
        const target = targetOf(probe, service.check, server, targets.length);
        targets.push(target);
        this.#places.set(target.key, [service.id, server.id]);
      }
    }
    this.#sightings.setTargets(targets, true, () => undefined, this.#options.clock.wallMs());
    this.#prober.setTargets(targets);
  }

  close(): Promise<void> {
    return this.#prober.stop();
  }
}

const probeOf = ({ id }: AgentService, { check, cadence, port }: ServerCheck): ProbeSpec => ({
  id,
  index: 0,
  check,
  cadence,
  port,
  vantagePoints: 1,
});

const targetOf = (probe: ProbeSpec, check: ServerCheck, server: SiteServer, index: number): Target => ({
  key: `${probe.id}/${server.id}`,
  index,
  member: 0,
  family: server.address.includes(':') ? 6 : 4,
  probe,
  host: server.address,
  port: check.port ?? server.port,
});
