// How probers reach what they look at, and how that is taken from them: each prober in a network namespace of its own, where
// nftables drops packets, or through relays that swallow octets where there is no privilege for namespaces.

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Index of an origin, or the Redis. */
export type Thing = number | 'redis';

export interface Uplinks {
  readonly kind: 'namespaces' | 'relays';
  /** Address on which origins and Redis listen. */
  readonly host: (thing: Thing) => string;
  /** Command under which a prober runs. */
  wrapper(prober: number): readonly string[];
  /** Where a prober finds a thing that listens at this port. */
  reach(prober: number, thing: Thing, port: number): Promise<Endpoint>;
  /** From now on nothing gets from these probers to these things; nobody is told. */
  block(probers: readonly number[], things: readonly Thing[]): Promise<void>;
  open(probers: readonly number[], things: readonly Thing[]): Promise<void>;
  close(): Promise<void>;
}
