// DNS servers of the world of crowd.ts on one Redis, each over a line of its own, and agents of its sites.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { RedisMesh } from '../../src/mesh/redis-mesh.ts';
import type { Mesh } from '../../src/model/mesh.ts';
import { CAPACITY_CONFIG, CAPACITY_ZONE, type Shares } from './crowd.ts';
import { loadReport, peer, recordingLogger, redisSettings } from './mesh.ts';
import { RedisServer } from './redis.ts';
import { Relay } from './relay.ts';
import { type RunningServer, startServer } from './server.ts';

export interface CrowdServer extends RunningServer {
  /** Its line to Redis. */
  readonly relay: Relay;
  readonly socket: string;
}

export class CrowdServers {
  readonly redis: RedisServer;
  readonly #agents: Mesh;
  readonly #servers: CrowdServer[] = [];
  #seq = 0;

  private constructor(redis: RedisServer, agents: Mesh) {
    this.redis = redis;
    this.#agents = agents;
  }

  static async open(): Promise<CrowdServers> {
    const redis = await RedisServer.start();
    const self = peer('agents', { roles: ['site'] });
    const options = { self, clock: systemClock, logger: recordingLogger(), stateDirectory: null };
    const agents = new RedisMesh(redisSettings(redis.port), options);
    await agents.start({}, 60_000);
    return new CrowdServers(redis, agents);
  }

  /** In the directory of an earlier life, if it is to go on from there. */
  async begin(id: string, directory = mkdtempSync(join(tmpdir(), 'meridian-capacity-'))): Promise<CrowdServer> {
    const relay = await Relay.start(this.redis.port);
    const config = CAPACITY_CONFIG(`mesh: { redis: { server: "127.0.0.1:${relay.port}" } }`);
    writeFileSync(join(directory, 'meridian.yaml'), `${config}prober: { id: ${id} }\n`);
    writeFileSync(join(directory, 'crowd.test.zone'), CAPACITY_ZONE);
    const running = await startServer(directory, { args: ['--role', 'dns'] });
    const server = { ...running, relay, socket: join(directory, 'var/meridian.sock') };
    this.#servers.push(server);
    return server;
  }

  /** Each site has two agents, each of which sees half. */
  readonly report = async (loads: Shares): Promise<void> => {
    this.#seq++;
    for (const [site, load] of Object.entries(loads)) {
      for (const half of [1, 2]) this.#agents.reportLoad(loadReport(`${site}-${half}`, this.#seq, { site, current: load / 2 }));
    }
  };

  async close(): Promise<void> {
    for (const server of this.#servers) server.signal('SIGKILL');
    await Promise.all(this.#servers.map(({ ended }) => ended));
    await this.#agents.close();
    for (const { relay } of this.#servers) await relay.close();
    await this.redis.stop();
    for (const { directory } of this.#servers) rmSync(directory, { recursive: true, force: true });
  }
}
