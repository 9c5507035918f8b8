import test from 'ava';
import { systemClock } from '../../../src/base/clock.ts';
import { MemoryHub } from '../../../src/mesh/memory-hub.ts';
import { MemoryMesh } from '../../../src/mesh/memory-mesh.ts';
import { FleetCluster } from '../../support/fleet-cluster.ts';
import { fleetDrill } from '../../support/fleet-drill.ts';
import { LAB_MODEL } from '../../support/fleet-lab.ts';
import { recordingLogger } from '../../support/mesh.ts';
import { targetsOf } from '../../support/votes.ts';

test('over a mesh in one process: verdicts by an aggregator, by votes when it is gone, and by the next one', async (t) => {
  const hub = new MemoryHub({ clock: systemClock, logger: recordingLogger(), stateDirectory: null });
  const cluster = new FleetCluster({
    model: LAB_MODEL,
    targets: targetsOf(LAB_MODEL, () => [4, 6]),
    join: (self) => new MemoryMesh(hub, self, systemClock, recordingLogger()),
  });
  t.teardown(() => cluster.close());
  await fleetDrill(cluster);
  t.pass();
});
