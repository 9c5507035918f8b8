// Check hosts to addresses. One look-up per host at a time, its result kept for a while: the checks of a host never queue up
// behind a slow name server, and each has its own deadline. While names cannot be looked up, the last known addresses serve.

import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Family } from '../base/address.ts';
import type { Clock } from '../base/clock.ts';
import { OUTCOME } from '../model/probe.ts';
import { codeOf, type Finding, finding, notChecked } from './finding.ts';

export interface Resolved {
  readonly addresses: readonly string[];
}

/** The system's own (`getaddrinfo`), which reads /etc/hosts too. Rejects with a `code`. */
export type Lookup = (host: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;

const getaddrinfo: Lookup = (host) => systemLookup(host, { all: true });

/** Look-ups under way at once. The system does four at a time; more only wait. */
const MAX_PENDING = 256;
/** Hosts kept in mind; beyond it the oldest are forgotten. */
const MAX_KNOWN = 100_000;
/** How long old addresses serve while nothing can be looked up. */
const STALE_MS = 3_600_000;
/** That the name does not exist, or has no address. Everything else is a fault on the way. */
const NO_SUCH = new Set(['ENOTFOUND', 'ENODATA']);

interface Known {
  readonly v4: readonly string[];
  readonly v6: readonly string[];
  readonly atMs: number;
}

export class Resolver {
  readonly #clock: Clock;
  readonly #lookup: Lookup;
  readonly #known = new Map<string, Known>();
  readonly #pending = new Map<string, Promise<Known | undefined>>();

  constructor(clock: Clock, lookup: Lookup = getaddrinfo) {
    this.#clock = clock;
    this.#lookup = lookup;
  }

  /** Addresses of the family, at least one, at most `maxAgeMs` old unless nothing newer is to be had; or why there are none. */
  async resolve(host: string, family: Family, maxAgeMs: number, timeoutMs: number): Promise<Resolved | Finding> {
    if (isIP(host) !== 0) return { addresses: [host] };
    const known = this.#known.get(host);
    if (known !== undefined && this.#clock.monotonicMs() - known.atMs < maxAgeMs) return choose(host, known, family);
    if (!this.#pending.has(host) && this.#pending.size >= MAX_PENDING)
      return notChecked('too many host names are being looked up');
    const found = await within(this.#pending.get(host) ?? this.#ask(host), timeoutMs);
    if (found !== undefined) return choose(host, found, family);
    if (known !== undefined && this.#clock.monotonicMs() - known.atMs < STALE_MS) return choose(host, known, family);
    return notChecked(`the address of ${host} cannot be looked up at the moment`);
  }

  /** Undefined if the look-up failed on the way. Never rejects. */
  #ask(host: string): Promise<Known | undefined> {
    const asking = this.#lookup(host).then(
      (entries) => entries,
      (error: unknown) => (NO_SUCH.has(codeOf(error)) ? [] : undefined),
    );
    const pending = asking.then((entries) => {
      this.#pending.delete(host);
      if (entries === undefined) return undefined;
      const of = (family: Family): string[] => entries.filter((entry) => entry.family === family).map(({ address }) => address);
      const known = { v4: of(4), v6: of(6), atMs: this.#clock.monotonicMs() };
      this.#known.delete(host);
      this.#known.set(host, known);
      if (this.#known.size > MAX_KNOWN) this.#known.delete(this.#known.keys().next().value!);
      return known;
    });
    this.#pending.set(host, pending);
    return pending;
  }
}

/** No address at all is the target's fault; none of this family alone leaves nothing to check. */
function choose(host: string, { v4, v6 }: Known, family: Family): Resolved | Finding {
  const addresses = family === 4 ? v4 : v6;
  if (addresses.length > 0) return { addresses };
  if (v4.length + v6.length === 0) return finding(OUTCOME.UNRESOLVED, `${host} has no address`);
  return notChecked(`${host} has no IPv${family} address`);
}

/** The value, or undefined when the time is over. */
function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T | undefined> {
  return new Promise((resolve) => {
    const expiry = setTimeout(() => resolve(undefined), timeoutMs);
    void promise.then((value) => {
      clearTimeout(expiry);
      resolve(value);
    });
  });
}
