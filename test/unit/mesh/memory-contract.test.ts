import { systemClock } from '../../../src/base/clock.ts';
import { MemoryHub } from '../../../src/mesh/memory-hub.ts';
import { MemoryMesh } from '../../../src/mesh/memory-mesh.ts';
import { recordingLogger } from '../../support/mesh.ts';
import { contract } from './contract.ts';

contract('memory', async () => {
  const logger = recordingLogger();
  const hub = new MemoryHub({ clock: systemClock, logger, stateDirectory: null });
  return { join: (self) => new MemoryMesh(hub, self, systemClock, logger), close: async () => undefined };
});
