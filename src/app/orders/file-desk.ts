// The files of a process that answers, as changes of zones see them.

import type { Loaded } from '../loading/load.ts';
import type { DraftResult } from '../loading/zone-draft.ts';
import type { ReloadReport } from '../process/reports.ts';
import type { Vitals } from './vitals.ts';

/** What a process that answers can do with what it has read. `origin` is that of a zone it serves. */
export interface FileDesk {
  /** What `text` in place of the zone's own file would change; nothing is changed. */
  checkDraft(origin: Uint8Array, text: Uint8Array): Promise<DraftResult>;
  /** Reads one zone again; resolves when every thread answers from it, or nothing has changed. */
  reloadZone(origin: Uint8Array): Promise<ReloadReport>;
  /** Serves again what was loaded before; rejects if it cannot. */
  restore(before: Loaded): Promise<void>;
  /** Sites with a member that serves, as if there were no orders. */
  serving(): Vitals['sites'];
}
