// DNS error reporting (RFC 9567): replies name the domain to which resolvers report what they could not resolve or validate.
// A report is itself a query below that domain. Zones that could be asked it do not carry the option, or a failure there would
// bring forth reports about reports: no zone at, above or below the agent domain (section 6.1 demands the former two).

import { OPTION } from '../wire/constants.ts';
import { isAtOrBelow } from '../wire/name.ts';
import { APEX, type ZoneImage } from '../zone/image.ts';
import { encodeOption } from './edns-option.ts';

export class ReportChannel {
  /** The whole option; empty if there is no agent. */
  readonly option: Uint8Array;
  readonly #agent: Uint8Array | null;
  /** By zone: 1 if replies from it may carry the option. */
  #mayCarry: Uint8Array = new Uint8Array(0);

  /** `agent` is an absolute wire name, not the root; null for none. */
  constructor(agent: Uint8Array | null) {
    this.#agent = agent;
    this.option = agent === null ? new Uint8Array(0) : encodeOption(OPTION.REPORT_CHANNEL, agent);
  }

  install(zones: readonly ZoneImage[]): void {
    this.#mayCarry = Uint8Array.from(zones, (zone) => (this.#isApart(zone) ? 1 : 0));
  }

  /** Whether a reply from this zone, -1 for none, may carry the option. */
  isFor(zoneIndex: number): boolean {
    return zoneIndex >= 0 && this.#mayCarry[zoneIndex] === 1;
  }

  #isApart(zone: ZoneImage): boolean {
    if (this.#agent === null) return false;
    const apex = zone.octets.subarray(zone.nameOffset(APEX));
    return !isAtOrBelow(this.#agent, apex) && !isAtOrBelow(apex, this.#agent);
  }
}
