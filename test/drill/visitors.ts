// People who visit a site as wrk does, only at a steady rate and with an eye on the DNS: so many requests a second over kept
// connections, to whatever address their resolver names, which they ask again every second as browsers do when a name runs out.

import { createSocket } from 'node:dgram';
import { Agent, get } from 'node:http';
import { decodeMessage, encodeQuery } from '../../src/wire/message.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { TYPE } from '../../src/wire/rrtype.ts';

/** Requests go out in ticks, so that a rate of any size costs few timers. */
const TICK_MS = 50;
const ASK_AGAIN_MS = 1000;
const GIVE_UP_MS = 30_000;

export interface VisitorSettings {
  /** Address that they ask their resolver from. */
  readonly from: string;
  readonly resolverPort: number;
  readonly name: string;
  readonly sitePort: number;
}

export interface VisitCounts {
  served: number;
  failed: number;
  /** Questions without an answer, or without an address in it. */
  unanswered: number;
}

export class Visitors {
  readonly counts: VisitCounts;
  /** Requests a second. */
  rate = 0;
  readonly #settings: VisitorSettings;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 32 });
  readonly #timers: NodeJS.Timeout[];
  readonly #socket = createSocket('udp4');
  #address: string | null = null;
  #owed = 0;
  #lastMs = performance.now();
  #isAnswered = true;

  constructor(settings: VisitorSettings, counts: VisitCounts) {
    this.#settings = settings;
    this.counts = counts;
    this.#socket.bind(0, settings.from);
    this.#socket.on('message', (octets) => this.#take(octets));
    this.#socket.on('error', () => undefined);
    this.#ask();
    this.#timers = [setInterval(() => this.#visit(), TICK_MS), setInterval(() => this.#ask(), ASK_AGAIN_MS)];
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#agent.destroy();
    this.#socket.close();
  }

  #ask(): void {
    if (!this.#isAnswered) this.counts.unanswered++;
    this.#isAnswered = false;
    const name = nameFromText(this.#settings.name) as Uint8Array;
    const query = encodeQuery({ id: 7, name, type: TYPE.A, flags: { rd: true, ad: false, cd: false } });
    this.#socket.send(query, this.#settings.resolverPort, '127.0.0.1');
  }

  #take(octets: Uint8Array): void {
    const reply = decodeMessage(octets);
    const record = typeof reply === 'string' ? undefined : reply.answers.find(({ type }) => type === TYPE.A);
    if (record === undefined) return;
    this.#isAnswered = true;
    this.#address = record.rdata.join('.');
  }

  #visit(): void {
    const nowMs = performance.now();
    // after a pause of the machine no more than a second of it is made up for
    this.#owed = Math.min(this.#owed + ((nowMs - this.#lastMs) / 1000) * this.rate, Math.max(1, this.rate));
    this.#lastMs = nowMs;
    if (this.#address === null) return;
    for (; this.#owed >= 1; this.#owed--) this.#request(this.#address);
  }

  #request(host: string): void {
    const { sitePort, name } = this.#settings;
    const options = { host, port: sitePort, agent: this.#agent, headers: { host: name }, timeout: GIVE_UP_MS };
    const request = get(options, (response) => {
      response.resume();
      response.on('end', () => {
        if (response.statusCode === 200) this.counts.served++;
        else this.counts.failed++;
      });
    });
    request.on('timeout', () => request.destroy(new Error('no reply in time')));
    request.on('error', () => this.counts.failed++);
  }
}
