// Tells secondaries of new serials (RFC 1996): each server that a zone names is sent a NOTIFY until it acknowledges, a few times
// with growing pauses, and what came of it is logged once. That a NOTIFY is lost costs time only: secondaries ask by themselves
// when the refresh time of the SOA record is over. So a reply is believed without a check of its signature.

import { randomInt } from 'node:crypto';
import { type Clock, systemClock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { ask } from '../../client/dns-client.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import type { Hmac, TransferSettings, TsigKey } from '../../model/transfer.ts';
import { notifyMessage } from '../../transfer/notify-message.ts';
import { signRequest } from '../../transfer/tsig.ts';
import { nameToText } from '../../wire/name.ts';
import { APEX, type ZoneImage } from '../../zone/image.ts';
import { hmac } from './hmac.ts';

/** Pauses behind the tries that failed; within each try the datagram is sent twice. RFC 1996 section 3.6 allows 5 minutes. */
const PAUSES_MS = [1000, 4000, 15_000, 60_000] as const;
const TIMEOUT_MS = 2000;

export interface NotifierOptions {
  readonly log: Logger;
  readonly clock?: Clock;
  readonly hmac?: Hmac;
  readonly pausesMs?: readonly number[];
  readonly timeoutMs?: number;
}

export class Notifier {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #hmac: Hmac;
  readonly #pausesMs: readonly number[];
  readonly #timeoutMs: number;
  /** Serial of each zone that a server was last told of, by names of zone and server. */
  readonly #told = new Map<string, number>();
  readonly #pauses = new Set<() => void>();
  #isClosed = false;

  constructor(options: NotifierOptions) {
    this.#log = options.log;
    this.#clock = options.clock ?? systemClock;
    this.#hmac = options.hmac ?? hmac;
    this.#pausesMs = options.pausesMs ?? PAUSES_MS;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  }

  /** Tells each server of the zones whose serial it has not been told of. Resolves when each has acknowledged or been given up. */
  async announce(zones: readonly ZoneImage[], { keys, rules }: TransferSettings): Promise<void> {
    const told: Promise<void>[] = [];
    for (const image of zones) {
      const name = nameToText(image.octets, image.nameOffset(APEX)).toLowerCase();
      const rule = rules.find(({ origin }) => nameToText(origin) === name);
      for (const endpoint of rule?.notify ?? []) told.push(this.#tell(image, name, endpoint, keys[rule!.keys[0] ?? -1]));
    }
    await Promise.all(told);
  }

  /** Gives up what is not acknowledged yet. */
  close(): void {
    this.#isClosed = true;
    for (const end of this.#pauses) end();
  }

  async #tell(image: ZoneImage, zone: string, endpoint: Endpoint, key: TsigKey | undefined): Promise<void> {
    const { address, port } = endpoint;
    const facts = { zone, serial: image.serial, server: `${address}#${port}` };
    const topic = `${zone} ${facts.server}`;
    if (this.#told.get(topic) === image.serial) return;
    this.#told.set(topic, image.serial);
    let problem = '';
    for (let tries = 0; tries <= this.#pausesMs.length; tries++) {
      if (tries > 0) await this.#pause(this.#pausesMs[tries - 1]!);
      // A newer serial has its own NOTIFY.
      if (this.#isClosed || this.#told.get(topic) !== image.serial) return;
      const plain = notifyMessage(image, randomInt(0x10000));
      const nowSec = Math.floor(this.#clock.wallMs() / 1000);
      const query = key === undefined ? plain : signRequest(plain, key, this.#hmac, nowSec);
      const reply = await ask({ server: address, port, query, transport: 'udp', timeoutMs: this.#timeoutMs });
      if (reply.ok) {
        const rcode = reply.value.octets[3]! & 0x0f;
        if (rcode === 0) this.#log.info(facts, 'secondary notified');
        else this.#log.warn({ ...facts, rcode }, 'secondary refused a NOTIFY');
        return;
      }
      problem = reply.error.message;
    }
    this.#log.warn({ ...facts, reason: problem }, 'secondary did not answer a NOTIFY');
  }

  #pause(forMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#pauses.delete(end);
        resolve();
      };
      const timer = setTimeout(end, forMs);
      this.#pauses.add(end);
    });
  }
}
