// The life of an aggregator among probers and servers, over whatever mesh: it comes, judges, dies, and another one comes.

import { OUTCOME } from '../../src/model/probe.ts';
import type { FleetCluster } from './fleet-cluster.ts';

const LONDON = 0;

/** Resolves when every step has shown on all servers. */
export async function fleetDrill(cluster: FleetCluster): Promise<void> {
  const probers = await Promise.all(['eu', 'us', 'ap'].map((region) => cluster.prober(`p-${region}`, region)));
  const servers = await Promise.all(['s1', 's2'].map((id) => cluster.server(id)));
  const isUp = { london: true };
  const checkAll = (): void => {
    for (const { lab, targets } of probers) {
      for (const { index, member } of targets) lab.check(index, member === LONDON && !isUp.london ? OUTCOME.REFUSED : OUTCOME.OK);
    }
  };
  const seen = (by: 'votes' | 'aggregator'): Promise<unknown> =>
    Promise.all(servers.map((server) => server.sees((member) => member !== LONDON || isUp.london, by)));
  // Checks go on all the time, as in life; who is heard by whom takes its time.
  const timer = setInterval(checkAll, 100);
  try {
    await seen('votes');
    const first = await cluster.aggregator('f');
    await seen('aggregator');
    isUp.london = false;
    await seen('aggregator');
    await first.close();
    await seen('votes');
    isUp.london = true;
    await seen('votes');
    await cluster.aggregator('f', 2);
    await seen('aggregator');
    await cluster.aggregator('g');
    isUp.london = false;
    await seen('aggregator');
  } finally {
    clearInterval(timer);
  }
}
