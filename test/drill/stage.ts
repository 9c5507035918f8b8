// Everything that a drill plays on: Redis, three DNS servers, five probers in three regions, eight origins - all real, all on this
// machine - and the questions that never stop.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ReservedPort, reservePort } from '../support/reserved-port.ts';
import { MEMBERS, processDirectory } from './config.ts';
import { Judge } from './judge.ts';
import type { Ledger } from './ledger.ts';
import { NamespaceUplinks } from './namespace-uplinks.ts';
import { makeCertificates, Origin } from './origin.ts';
import type { PrivateNetwork } from './private-network.ts';
import { MeridianProcess } from './process.ts';
import { Questions } from './questions.ts';
import type { Sample } from './ramp.ts';
import { type RedisKind, RedisSet } from './redis-set.ts';
import { RelayUplinks } from './relay-uplinks.ts';
import type { Timing } from './timing.ts';
import type { Endpoint, Uplinks } from './uplinks.ts';
import { waitFor } from './wait.ts';

export const SERVERS = 3;
/** Region of each prober. */
export const REGIONS = ['europe', 'europe', 'america', 'america', 'asia'] as const;
export const PROBERS: readonly number[] = REGIONS.map((_, prober) => prober);
export const PROCESSES: number = SERVERS + REGIONS.length;
export const VANTAGE_POINTS = 3;
/** A slow origin takes so much longer than the time limit. */
const SLOWER_BY = 1.5;
const ORIGIN_PORT = 8443;
const START_LIMIT_MS = 120_000;

export interface StageOptions {
  readonly timing: Timing;
  readonly redis: RedisKind;
  readonly network: PrivateNetwork;
  readonly ledger: Ledger;
}

export class Stage {
  readonly timing: Timing;
  readonly ledger: Ledger;
  readonly judge: Judge;
  readonly samples: Sample[] = [];
  readonly origins: Origin[] = [];
  readonly servers: MeridianProcess[] = [];
  readonly probers: MeridianProcess[] = [];
  readonly questions: Questions[] = [];
  readonly redis: RedisSet;
  readonly uplinks: Uplinks;
  readonly #ports: ReservedPort[] = [];

  private constructor({ timing, ledger }: StageOptions, redis: RedisSet, uplinks: Uplinks) {
    this.timing = timing;
    this.ledger = ledger;
    this.redis = redis;
    this.uplinks = uplinks;
    this.judge = new Judge(SERVERS, MEMBERS.length, timing.spreadMs);
  }

  /** Everybody knows everybody, every member is seen by all who should, and questions are asked. */
  static async open(options: StageOptions): Promise<Stage> {
    const { network, ledger, redis: kind } = options;
    const namespaces = network.isInside ? await NamespaceUplinks.make(PROBERS.length, MEMBERS.length) : null;
    const isEffective = namespaces !== null && (await namespaces.isEffective());
    const uplinks = isEffective ? namespaces : new RelayUplinks();
    const reason = network.isInside ? 'nftables drops nothing here' : `there are no namespaces: ${network.reason}`;
    ledger.note(
      isEffective ? 'cut off by nftables: each prober has a network namespace of its own' : `cut off by relays, for ${reason}`,
    );
    const redis = await RedisSet.start(kind, uplinks.host('redis'));
    const stage = new Stage(options, redis, uplinks);
    await stage.#start();
    return stage;
  }

  get processes(): readonly MeridianProcess[] {
    return [...this.servers, ...this.probers];
  }

  async close(): Promise<void> {
    for (const questions of this.questions) await questions.close();
    await Promise.all(this.processes.map((process) => process.remove()));
    for (const origin of this.origins) await origin.close();
    await this.uplinks.close();
    await this.redis.stop();
    for (const { release } of this.#ports) await release();
  }

  async #start(): Promise<void> {
    const { redis, uplinks, ledger } = this;
    const certificates = makeCertificates();
    const { good, expired } = certificates;
    const originPorts: number[] = [];
    for (const [i] of MEMBERS.entries()) {
      const port = uplinks.kind === 'relays' ? await this.#port() : ORIGIN_PORT;
      this.origins.push(await Origin.open(certificates, this.timing.timeoutMs * SLOWER_BY, uplinks.host(i), port));
      originPorts.push(port);
    }
    const redisAt: Endpoint = { host: uplinks.host('redis'), port: redis.master.port };
    const common = { timing: this.timing, caFile: 'ca.pem' };
    for (let i = 0; i < SERVERS; i++) {
      const dnsPort = await this.#port();
      const origins = originPorts.map((port, thing) => ({ host: uplinks.host(thing), port }));
      const config = { ...common, id: `dns-${i + 1}`, region: 'nowhere', dnsPort, origins };
      const directory = processDirectory({ ...config, redis: redis.yaml(redisAt, redisAt.host) });
      this.servers.push(new MeridianProcess(config.id, 'dns', directory, []));
      const listener = {
        all: (isIn: readonly boolean[], sentMs: number, nowMs: number) => this.judge.take(i, isIn, sentMs, nowMs),
        one: (member: number, atMs: number) => void this.samples.push({ member, atMs }),
      };
      this.questions.push(await Questions.open(dnsPort, listener));
    }
    for (const [i, region] of REGIONS.entries()) {
      const origins = await Promise.all(originPorts.map((port, thing) => uplinks.reach(i, thing, port)));
      const at = await uplinks.reach(i, 'redis', redis.master.port);
      const config = { ...common, id: `${region}-${i + 1}`, region, dnsPort: 0, origins };
      const directory = processDirectory({ ...config, redis: redis.yaml(at, redisAt.host) });
      this.probers.push(new MeridianProcess(config.id, 'probe', directory, uplinks.wrapper(i)));
    }
    const authorities = `${readFileSync(good.certFile, 'utf8')}${readFileSync(expired.certFile, 'utf8')}`;
    for (const { directory } of this.processes) writeFileSync(join(directory, 'ca.pem'), authorities);
    await Promise.all(this.processes.map((process) => process.start()));
    const tookMs = await waitFor(() => this.isWhole(), START_LIMIT_MS);
    if (!Number.isFinite(tookMs)) throw new Error(`the stage is not ready: ${JSON.stringify(await this.servers[0]!.status())}`);
    const name = `${SERVERS} DNS servers and ${REGIONS.length} probers (${REGIONS.join(', ')})`;
    ledger.note(`${name} share a Redis and agree on ${MEMBERS.length} members`);
    for (const questions of this.questions) questions.start();
  }

  /** Every process knows all others, is joined, and sees every member up by all its vantage points. */
  async isWhole(down: readonly number[] = []): Promise<boolean> {
    const reports = await Promise.all(this.processes.map((process) => process.status()));
    return reports.every(
      ({ health: { mesh, peers, members } }) =>
        mesh.state === 'joined' &&
        mesh.trouble === null &&
        peers.length === PROCESSES &&
        members.every(({ families: [family] }, i) => {
          const votes = family!.votes.length;
          return votes >= VANTAGE_POINTS && family!.seen === (down.includes(i) ? 'down' : 'up');
        }),
    );
  }

  async #port(): Promise<number> {
    const reserved = await reservePort();
    this.#ports.push(reserved);
    return reserved.port;
  }
}
