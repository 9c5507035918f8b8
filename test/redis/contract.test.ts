import test from 'ava';
import { systemClock } from '../../src/base/clock.ts';
import { RedisMesh } from '../../src/mesh/redis-mesh.ts';
import { recordingLogger, redisSettings } from '../support/mesh.ts';
import { hasRedis, RedisServer } from '../support/redis.ts';
import { capacityContract } from '../unit/mesh/capacity-contract.ts';
import { contract, type Engine } from '../unit/mesh/contract.ts';
import { fleetContract } from '../unit/mesh/fleet-contract.ts';
import { leaseContract } from '../unit/mesh/lease-contract.ts';

if (hasRedis) {
  let server: RedisServer;
  let engines = 0;
  test.before(async () => {
    server = await RedisServer.start();
  });
  test.after.always(() => server.stop());

  const open = async (): Promise<Engine> => {
    const settings = redisSettings(server.port, { prefix: `m${engines++}:` });
    return {
      join: (self) => new RedisMesh(settings, { self, clock: systemClock, logger: recordingLogger(), stateDirectory: null }),
      close: async () => undefined,
    };
  };
  contract('redis', open);
  capacityContract('redis', open);
  fleetContract('redis', open);
  leaseContract('redis', open);
} else test('skipped: redis-server is not installed', (t) => t.pass());
