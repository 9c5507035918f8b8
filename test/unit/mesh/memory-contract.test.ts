import { systemClock } from '../../../src/base/clock.ts';
import { MemoryHub } from '../../../src/mesh/memory-hub.ts';
import { MemoryMesh } from '../../../src/mesh/memory-mesh.ts';
import { recordingLogger } from '../../support/mesh.ts';
import { capacityContract } from './capacity-contract.ts';
import { contract, type Engine } from './contract.ts';
import { fleetContract } from './fleet-contract.ts';
import { leaseContract } from './lease-contract.ts';

async function open(): Promise<Engine> {
  const logger = recordingLogger();
  const hub = new MemoryHub({ clock: systemClock, logger, stateDirectory: null });
  return { join: (self) => new MemoryMesh(hub, self, systemClock, logger), close: async () => undefined };
}

contract('memory', open);
capacityContract('memory', open);
fleetContract('memory', open);
leaseContract('memory', open);
