// What the control thread and the thread of the API say to one another. Calls of the port, their results, and nothing that is not
// plain data.

import type { AdminPort, WatchPort } from '../../admin/ports.ts';
import type { AdminEvent } from '../../admin/schemas/changes.ts';
import type { RateSample } from '../../admin/schemas/watch.ts';
import type { Problem } from '../../base/errors.ts';
import type { AdminSettings } from '../../model/admin.ts';
import type { Endpoint } from '../../model/endpoint.ts';

/** Calls of the port, and of the watch behind a prefix. */
export type Method = Exclude<keyof AdminPort, 'events' | 'watch'> | `${typeof WATCH}${Exclude<keyof WatchPort, 'rates'>}`;

export const WATCH = 'watch.';

/** Whether a reply may be given again to who asks a moment later. Every method of the port is here, or it does not compile. */
export const IS_KEPT: Readonly<Record<Method, boolean>> = {
  status: true,
  sites: true,
  pools: true,
  members: true,
  policies: true,
  places: true,
  probes: true,
  zones: true,
  overrides: true,
  sample: true,
  'watch.objectives': true,
  'watch.alerts': false,
  'watch.silence': false,
  'watch.endSilence': false,
  zoneText: false,
  zoneFile: false,
  putZone: false,
  explain: false,
  audit: false,
  order: false,
  recall: false,
  reload: false,
  staged: false,
  decide: false,
  purge: false,
};

export interface ApiStart {
  readonly settings: AdminSettings;
  readonly version: string;
  /** Of the addresses of the settings, in their order: what a predecessor listened on; null = to be opened. */
  readonly passed: readonly (number | null)[];
  readonly stateDirectory: string;
  /** Those so far, oldest first. */
  readonly events: readonly AdminEvent[];
  /** Likewise. */
  readonly rates: readonly RateSample[];
  /** One Int32 that grows with each event: replies that were kept are then out of date. */
  readonly revision: SharedArrayBuffer;
}

export type ToApi =
  | { readonly kind: 'reply'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }
  | { readonly kind: 'event'; readonly event: AdminEvent }
  | { readonly kind: 'rates'; readonly sample: RateSample }
  | { readonly kind: 'settings'; readonly settings: AdminSettings }
  | { readonly kind: 'close' };

export type FromApi =
  | { readonly kind: 'call'; readonly id: number; readonly method: Method; readonly args: readonly unknown[] }
  | {
      readonly kind: 'log';
      readonly level: 'debug' | 'info' | 'warn' | 'error';
      readonly facts: Record<string, unknown>;
      readonly message: string;
    }
  | { readonly kind: 'listening'; readonly endpoints: readonly Endpoint[]; readonly problems: readonly Problem[] };
