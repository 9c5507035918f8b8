// Who this process is in the mesh. The id outlives restarts: `prober.id`, or the name of the host with a mark from the state
// directory, which belongs to one process. The epoch tells a restarted process from its former self, so it must grow even if the
// wall clock has been set back: the last one is kept in the state directory too.

import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { Complaints } from '../../mesh/complaints.ts';
import { StateFile } from '../../mesh/state-file.ts';
import type { Peer, Role } from '../../model/mesh.ts';
import type { ProberSettings } from '../../model/snapshot.ts';

interface Past {
  /** 8 hexadecimal digits. */
  readonly mark: string;
  readonly epoch: number;
}

const MARK_OCTETS = 4;

/** Ourselves, as the others will know us. A state directory that cannot be written costs a line of the log, not the start. */
export async function identify(
  { id, region, weight }: Pick<ProberSettings, 'id' | 'region' | 'weight'>,
  roles: readonly Role[],
  { clock, log, stateDirectory }: { readonly clock: Clock; readonly log: Logger; readonly stateDirectory: string },
): Promise<Peer> {
  const complaints = new Complaints(clock, log);
  const file = new StateFile<Past>({
    directory: stateDirectory,
    name: 'identity',
    complaints,
    encode: JSON.stringify,
    decode: decodePast,
    rank: ({ epoch }) => epoch,
  });
  const past = await file.load();
  const mark = past?.mark ?? randomBytes(MARK_OCTETS).toString('hex');
  const epoch = Math.max(Math.floor(clock.wallMs()), (past?.epoch ?? 0) + 1);
  await file.save({ mark, epoch }).catch((error: Error) => {
    complaints.warn('ERR_STATE', `the identity of this process cannot be saved: ${error.message}`);
  });
  return { id: id ?? `${hostname()}-${mark}`, region, roles, weight, epoch, isWithdrawn: false };
}

function decodePast(text: string): Past | undefined {
  try {
    const { mark, epoch } = JSON.parse(text) as Partial<Past>;
    return typeof mark === 'string' && /^[0-9a-f]{8}$/.test(mark) && Number.isSafeInteger(epoch)
      ? { mark, epoch: epoch! }
      : undefined;
  } catch {
    return undefined;
  }
}
