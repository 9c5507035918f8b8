// Settings to drivers and readers.

import { type Clock, systemClock } from '../../base/clock.ts';
import type { DriverSettings, LoadReader, SiteDriver } from '../../model/site-driver.ts';
import { HaproxyAttached } from './haproxy/attached.ts';
import { HaproxyManaged } from './haproxy/managed.ts';
import { Nftables } from './nftables/driver.ts';
import { Posted } from './readers/posted.ts';
import { Reader } from './readers/reader.ts';

/** What drives a balancer can also be read; what is only read cannot be driven; what is told waits to be told. */
export type Opened =
  | { readonly canDrive: true; readonly driver: SiteDriver }
  | { readonly canDrive: false; readonly driver: LoadReader; readonly posted: Posted | null };

/** Touches nothing until it is asked for something. */
export function openDriver(settings: DriverSettings, clock: Clock = systemClock): Opened {
  switch (settings.kind) {
    case 'haproxy-attach':
      return { canDrive: true, driver: new HaproxyAttached(settings) };
    case 'haproxy':
      return { canDrive: true, driver: new HaproxyManaged(settings, clock) };
    case 'nftables':
      return { canDrive: true, driver: new Nftables(settings, clock) };
    case 'posted': {
      const posted = new Posted(settings.max, clock);
      return { canDrive: false, driver: posted, posted };
    }
    default:
      return { canDrive: false, driver: new Reader(settings, clock), posted: null };
  }
}
