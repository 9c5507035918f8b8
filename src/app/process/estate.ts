// What a running process leaves to its successor (handover): the state directory, written to the end; what has been counted; the
// random secrets of DNS Cookies; and what checks have said of the servers inside sites.

import type { Current } from '../../base/current.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import type { SpillMemory } from '../capacity/spill-memory.ts';
import type { ControlPlane } from '../health/control-plane.ts';
import type { Loaded } from '../loading/load.ts';
import type { Changes } from '../orders/changes.ts';
import type { SiteDesk } from '../site/site-desk.ts';
import type { Estate } from './handover.ts';
import { countersOf } from './server.ts';

export interface EstateParts {
  readonly plane: Pick<ControlPlane, 'rest' | 'wake'>;
  readonly changes: Changes;
  readonly agents: SiteDesk | null;
  readonly counters: SharedArrayBuffer;
  /** Served for DNS. */
  readonly endpoints: readonly Endpoint[];
  /** Of a process that answers. */
  readonly spillMemory?: SpillMemory;
  readonly loaded?: Current<Loaded>;
}

export function estateOf({ plane, changes, agents, counters, endpoints, spillMemory, loaded }: EstateParts): Estate {
  return {
    get endpoints() {
      return [...endpoints, ...(agents?.datagramEndpoints ?? [])]; // those of an agent change with a reload
    },
    rest: async () => {
      await changes.hold(); // first: what it waits for may have something to write
      await Promise.all([plane.rest(), spillMemory?.rest()]);
    },
    wake: () => {
      plane.wake();
      spillMemory?.wake();
      changes.release();
    },
    legacy: () => ({
      counters: countersOf(counters),
      cookieSecrets: secretsOf(loaded?.get()),
      seen: agents?.seen ?? [],
    }),
  };
}

function secretsOf(loaded: Loaded | undefined): readonly string[] {
  const isRandom = loaded?.snapshot.server.cookies.secretFile === null;
  return isRandom ? loaded.cookieSecrets.map((secret) => Buffer.from(secret).toString('base64')) : [];
}
