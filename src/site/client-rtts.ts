// How far clients are, by the network that they are in: round trips that the kernel has measured on their connections (TCP_INFO). What
// must hold: memory is bounded however many networks there are, what is old goes, and nothing of a single address is kept.
//
// A connection counts as one sample, whatever it has moved. Samples are smoothed with gain 1/8, as TCP does with its own (RFC 6298
// section 2, after Jacobson 1988).

import type { Family } from '../base/address.ts';
import { HISTOGRAMS } from '../metrics/gauges.ts';
import { NETWORKS_MAX, type NetworkRtt } from '../model/capacity.ts';
import { networkKey, networkName } from './client-network.ts';

/** Some 150 octets each. */
const MOST_NETWORKS = 4096;
/** A network from which nobody was measured for so long is forgotten. */
const KEEPS_MS = 3_600_000;
/** Counts and least values are those of this period and the one before it, so that a way that has become longer shows. */
const PERIOD_MS = 300_000;
const GAIN = 1 / 8;
/** Many ask for a report, and making it takes some sorting. */
const REPORT_KEEPS_MS = 1000;
const US_PER_SEC = 1_000_000;
const NOT_MEASURED = Number.POSITIVE_INFINITY;

interface Network {
  smoothedUs: number;
  lastMs: number;
  period: number;
  connections: number;
  leastUs: number;
  connectionsBefore: number;
  leastBeforeUs: number;
}

export interface ClientRttReport {
  /** Networks of which anybody was measured in this period or the one before it. */
  readonly networks: number;
  /** The NETWORKS_MAX of them with the most connections. */
  readonly most: readonly NetworkRtt[];
  /** Of all connections since the start, by HISTOGRAMS.CLIENT_RTT: how many are at most each bound and above the one before; above all. */
  readonly counts: readonly number[];
  readonly sumUs: number;
}

export const NO_CLIENT_RTTS: ClientRttReport = {
  networks: 0,
  most: [],
  counts: HISTOGRAMS.CLIENT_RTT.bounds.map(() => 0).concat(0),
  sumUs: 0,
};

export class ClientRtts {
  /** By network, who was measured last at the end. */
  readonly #networks = new Map<number, Network>();
  readonly #counts: number[] = [...NO_CLIENT_RTTS.counts];
  #sumUs = 0;
  #report = NO_CLIENT_RTTS;
  #reportedMs = Number.NEGATIVE_INFINITY;

  /** One connection, of a client at this address (4 or 16 octets). Both above 0; `nowMs` of a clock that never goes back. */
  add(family: Family, octets: Uint8Array, smoothedUs: number, leastUs: number, nowMs: number): void {
    this.#forget(nowMs);
    const key = networkKey(family, octets);
    const known = this.#networks.get(key);
    const network = known ?? {
      smoothedUs,
      lastMs: nowMs,
      period: 0,
      connections: 0,
      leastUs: NOT_MEASURED,
      connectionsBefore: 0,
      leastBeforeUs: NOT_MEASURED,
    };
    turnTo(network, Math.floor(nowMs / PERIOD_MS));
    network.smoothedUs += GAIN * (smoothedUs - network.smoothedUs);
    network.leastUs = Math.min(network.leastUs, leastUs);
    network.connections++;
    network.lastMs = nowMs;
    if (known !== undefined) this.#networks.delete(key);
    this.#networks.set(key, network);
    this.#forget(nowMs);
    const bucket = HISTOGRAMS.CLIENT_RTT.bounds.findIndex((bound) => smoothedUs <= bound * US_PER_SEC);
    this.#counts[bucket < 0 ? this.#counts.length - 1 : bucket]!++;
    this.#sumUs += smoothedUs;
  }

  /** As it was at most a second ago. */
  report(nowMs: number): ClientRttReport {
    if (nowMs - this.#reportedMs < REPORT_KEEPS_MS) return this.#report;
    this.#forget(nowMs);
    const period = Math.floor(nowMs / PERIOD_MS);
    const fresh: NetworkRtt[] = [];
    for (const [key, network] of this.#networks) {
      turnTo(network, period);
      const connections = network.connections + network.connectionsBefore;
      if (connections === 0) continue;
      const leastUs = Math.min(network.leastUs, network.leastBeforeUs);
      fresh.push({ network: networkName(key), connections, leastUs, smoothedUs: Math.round(network.smoothedUs) });
    }
    fresh.sort((a, b) => b.connections - a.connections);
    this.#report = {
      networks: fresh.length,
      most: fresh.slice(0, NETWORKS_MAX),
      counts: [...this.#counts],
      sumUs: this.#sumUs,
    };
    this.#reportedMs = nowMs;
    return this.#report;
  }

  #forget(nowMs: number): void {
    for (const [key, { lastMs }] of this.#networks) {
      if (this.#networks.size <= MOST_NETWORKS && nowMs - lastMs < KEEPS_MS) return;
      this.#networks.delete(key);
    }
  }
}

function turnTo(network: Network, period: number): void {
  if (network.period === period) return;
  const isNext = network.period === period - 1;
  network.connectionsBefore = isNext ? network.connections : 0;
  network.leastBeforeUs = isNext ? network.leastUs : NOT_MEASURED;
  network.connections = 0;
  network.leastUs = NOT_MEASURED;
  network.period = period;
}
