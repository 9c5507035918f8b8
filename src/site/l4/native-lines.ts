// The lines of a front whose octets the native relay moves (native/relay): nothing of a connection passes through here but how it begins
// and ends. What happens is told by events, many in one call.

import type { Family } from '../../base/address.ts';
import { Line, type LineLimits } from './line.ts';
import type { ProxyAddresses } from './proxy-header.ts';
import { ENDING, EVENT_SIZE, HAPPENING, type NativeRelay, type RelayAddon } from './relay-addon.ts';

const MOST_EVENTS = 256;

export class NativeLines {
  readonly #addon: RelayAddon;
  readonly #relay: NativeRelay;
  readonly #onLine: (line: Line) => void;
  readonly #onShed: (count: number) => void;
  readonly #integers: Int32Array;
  readonly #numbers: Float64Array;
  readonly #octets: Uint8Array;
  /** By the number of their passage. */
  readonly #lines: (NativeLine | null)[] = [];
  #isTelling = false;
  #isDue = false;

  /** `onShed`: clients that were reset because there are no descriptors for them. Null where it cannot be. */
  static open(addon: RelayAddon, onLine: (line: Line) => void, onShed: (count: number) => void): NativeLines | null {
    let lines: NativeLines | null = null;
    const memory = new ArrayBuffer(MOST_EVENTS * EVENT_SIZE);
    const relay = addon.open(memory, () => lines?.tell());
    if (relay !== null) lines = new NativeLines(addon, relay, memory, onLine, onShed);
    return lines;
  }

  private constructor(
    addon: RelayAddon,
    relay: NativeRelay,
    memory: ArrayBuffer,
    onLine: (line: Line) => void,
    onShed: (count: number) => void,
  ) {
    this.#addon = addon;
    this.#relay = relay;
    this.#onLine = onLine;
    this.#onShed = onShed;
    this.#integers = new Int32Array(memory);
    this.#numbers = new Float64Array(memory);
    this.#octets = new Uint8Array(memory);
  }

  /** Of a listening socket: another descriptor; negative = there is none. */
  duplicate(fd: number): number {
    return this.#addon.duplicate(fd);
  }

  /** False: it cannot. */
  listen(fd: number): boolean {
    return this.#relay.listen(fd) === 0;
  }

  stopListening(): void {
    this.#relay.stopListening();
  }

  /** To be called every second or so: see Relay::Look. */
  look(): void {
    this.#relay.look();
    this.tell();
  }

  /** When no line is left. */
  close(): void {
    this.#relay.close();
  }

  /** For lines: something was wanted of the relay, of which it may have to tell. */
  commanded(): NativeRelay {
    if (!this.#isTelling && !this.#isDue) {
      this.#isDue = true;
      process.nextTick(() => {
        this.#isDue = false;
        this.tell();
      });
    }
    return this.#relay;
  }

  /** For lines: what tells nothing. */
  get relay(): NativeRelay {
    return this.#relay;
  }

  tell(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      // What is done about some may bring about others.
      for (let count = this.#relay.takeEvents(); count > 0; count = this.#relay.takeEvents()) {
        for (let i = 0; i < count; i++) this.#happened(i * EVENT_SIZE);
      }
    } finally {
      this.#isTelling = false;
    }
  }

  #happened(at: number): void {
    const what = this.#integers[at >> 2]!;
    const passage = this.#integers[(at >> 2) + 1]!;
    const detail = this.#integers[(at >> 2) + 2]!;
    const number = this.#numbers[(at >> 3) + 2]!;
    if (what === HAPPENING.accepted) {
      const family = detail as Family;
      const peer = this.#octets.slice(at + 24, at + 24 + (family === 4 ? 4 : 16));
      const line = new NativeLine(this, passage, family, peer, this.#integers[(at >> 2) + 3]!);
      this.#lines[passage] = line;
      this.#onLine(line);
      return;
    }
    if (what === HAPPENING.shed) {
      this.#onShed(number);
      return;
    }
    const line = this.#lines[passage]!;
    switch (what) {
      case HAPPENING.readable:
        line.pull();
        break;
      case HAPPENING.connected:
        line.events.onConnected(number);
        break;
      case HAPPENING.connectFailed:
        line.events.onConnectFailed(number);
        break;
      case HAPPENING.moved:
        line.events.onMoved(number);
        break;
      case HAPPENING.over:
        this.#lines[passage] = null;
        line.ended(detail, number, this.#integers[(at >> 2) + 3]!, this.#integers[(at >> 2) + 6]!);
        break;
    }
  }
}

class NativeLine extends Line {
  readonly #lines: NativeLines;
  readonly #passage: number;
  readonly #peerPort: number;
  #isOver = false;

  constructor(lines: NativeLines, passage: number, family: Family, peer: Uint8Array, peerPort: number) {
    super(family, peer);
    this.#lines = lines;
    this.#passage = passage;
    this.#peerPort = peerPort;
  }

  names(): ProxyAddresses | null {
    const local = this.#isOver ? NOTHING : this.#lines.relay.localName(this.#passage);
    const portAt = local.length - 2;
    if (portAt < 0) return null;
    return {
      family: this.family,
      source: this.peer,
      sourcePort: this.#peerPort,
      destination: local.subarray(0, portAt),
      destinationPort: local.readUInt16BE(portAt),
    };
  }

  abandon(): void {
    if (!this.#isOver) this.#lines.relay.abandon(this.#passage);
  }

  reset(): void {
    if (!this.#isOver) this.#lines.commanded().reset(this.#passage);
  }

  finish(last: Uint8Array): void {
    if (!this.#isOver) this.#lines.commanded().finish(this.#passage, last);
  }

  /** Octets are there for whoever hears. */
  pull(): void {
    while (this.isHeard && !this.#isOver) {
      const octets = this.#lines.commanded().read(this.#passage);
      if (octets === 0) return;
      if (octets === -1) this.heardEnd();
      else this.heard(octets);
    }
  }

  /** Round trips in microseconds; 0 = not measured. */
  ended(how: number, octetsSize: number, smoothedUs: number, leastUs: number): void {
    this.#isOver = true;
    if (octetsSize > 0) this.events.onMoved(octetsSize);
    if (smoothedUs > 0) this.events.onMeasured(smoothedUs, leastUs);
    if (how === ENDING.idle) this.events.onCutOff('idle');
    else if (how === ENDING.stalled) this.events.onCutOff('stalled');
    this.over();
  }

  protected connectWith(
    address: string,
    port: number,
    first: Uint8Array | null,
    { idleTimeoutMs, stallTimeoutMs }: LineLimits,
  ): void {
    if (this.#isOver) return;
    this.#lines.commanded().connect(this.#passage, address, port, first, idleTimeoutMs, stallTimeoutMs);
  }

  protected startReading(): void {
    this.pull();
  }

  protected stopReading(): void {}
}

const NOTHING = Buffer.alloc(0);
