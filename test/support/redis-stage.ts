// A Redis with members of a mesh on it, for tests of what happens when Redis fails.

import type { ExecutionContext } from 'ava';
import { systemClock } from '../../src/base/clock.ts';
import { RedisMesh } from '../../src/mesh/redis-mesh.ts';
import type { Peer, RedisMeshSettings } from '../../src/model/mesh.ts';
import { peer, recordingLogger, redisSettings, Witness } from './mesh.ts';
import { RedisServer } from './redis.ts';

export interface Member extends Witness {
  readonly lines: readonly string[];
}

export interface RedisStage {
  readonly server: RedisServer;
  member(id: string, more?: MemberOptions): Promise<Member>;
}

export interface MemberOptions {
  readonly self?: Partial<Peer>;
  readonly settings?: Partial<RedisMeshSettings>;
  readonly stateDirectory?: string;
  /** Do not wait longer than this for the mesh to be joined. */
  readonly joinWithinMs?: number;
}

class StagedMember extends Witness implements Member {
  lines: readonly string[] = [];
}

/** Members for a Redis on this port; `closeAll` at the end. */
export function memberFactory(port: number): { member: RedisStage['member']; closeAll(): Promise<void> } {
  const members: StagedMember[] = [];
  return {
    async member(id, { self = {}, settings = {}, stateDirectory, joinWithinMs } = {}) {
      const logger = recordingLogger();
      const own = peer(id, self);
      const options = { self: own, clock: systemClock, logger, stateDirectory: stateDirectory ?? null };
      const member = new StagedMember(new RedisMesh(redisSettings(port, settings), options), own);
      member.lines = logger.lines;
      members.push(member);
      await member.start(joinWithinMs);
      return member;
    },
    async closeAll() {
      await Promise.all(members.map(({ mesh }) => mesh.close()));
    },
  };
}

/** Runs the body with a Redis of its own. */
export function onRedis(args: readonly string[], body: (t: ExecutionContext, stage: RedisStage) => Promise<void>) {
  return async (t: ExecutionContext): Promise<void> => {
    const server = await RedisServer.start({ args });
    const { member, closeAll } = memberFactory(server.port);
    try {
      await body(t, { server, member });
    } finally {
      server.resume();
      await closeAll();
      await server.stop();
    }
  };
}
