import test from 'ava';
import { restartWarnings } from '../../../../src/app/loading/restart-warnings.ts';
import { loadConfig } from '../../../../src/config/load.ts';
import type { Snapshot } from '../../../../src/model/snapshot.ts';
import { redisSettings } from '../../../support/mesh.ts';
import { ROOT } from '../../../support/paths.ts';

const before = loadConfig(`${ROOT}zones/meridian.yaml`).snapshot!;
const warnings = (after: Partial<Snapshot>): string[] =>
  restartWarnings(before, { ...before, ...after }).map(({ code, message }) => `${code} ${message.split(' have')[0]}`);

test('what sockets, the mesh and our name in it were made from needs a restart', (t) => {
  t.deepEqual(warnings({ server: { ...before.server, workers: 7 } }), ['ERR_CONFIG_RESTART settings under "server"']);
  t.deepEqual(warnings({ mesh: redisSettings(6379) }), ['ERR_CONFIG_RESTART settings under "mesh"']);
  t.deepEqual(warnings({ prober: { ...before.prober, region: 'mars' } }), ['ERR_CONFIG_RESTART "prober.id" or "prober.region"']);
});

test('everything else of a prober, health and cookies does not', (t) => {
  const cookies = { ...before.server.cookies, enabled: !before.server.cookies.enabled };
  t.deepEqual(
    warnings({
      prober: { ...before.prober, weight: 9, concurrency: 1 },
      health: { ...before.health, flapGuard: false },
      server: { ...before.server, cookies },
    }),
    [],
  );
});
