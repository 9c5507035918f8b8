import test from 'ava';
import { systemClock } from '../../src/base/clock.ts';
import { openMesh } from '../../src/mesh/open.ts';
import { recordingLogger, redisSettings } from '../support/mesh.ts';
import { hasRedis, RedisServer } from '../support/redis.ts';
import { contract } from '../unit/mesh/contract.ts';

if (hasRedis) {
  let server: RedisServer;
  let engines = 0;
  test.before(async () => {
    server = await RedisServer.start();
  });
  test.after.always(() => server.stop());

  contract('redis', async () => {
    const settings = redisSettings(server.port, { prefix: `m${engines++}:` });
    return {
      join: (self) => openMesh(settings, { self, clock: systemClock, logger: recordingLogger(), stateDirectory: null }),
      close: async () => undefined,
    };
  });
} else test('skipped: redis-server is not installed', (t) => t.pass());
