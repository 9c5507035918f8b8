// Where a check goes, once its host is resolved and its address allowed.

import type { Family } from '../base/address.ts';

export interface Place {
  /** Numeric, of `family`. */
  readonly address: string;
  readonly family: Family;
  /** What the operator wrote: the address, or the host name that led to it. */
  readonly host: string;
}

/** Kinds that speak to a port. The configuration sees to it that there is one. */
export interface Port extends Place {
  readonly port: number;
}
