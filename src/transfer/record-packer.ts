// Records one behind the other into a message, their owners compressed against the owner before (RFC 1035 section 4.1.4):
// neighbours in a zone share most of their labels. Labels are shared only if equal octet by octet, so that a transfer keeps the
// case of names (RFC 5936 section 3.4). RDATA is sent as it is stored, without compression, which every reader takes.

import { MAX_LABELS } from '../wire/constants.ts';

export class RecordPacker {
  /** Octets of the message so far. */
  size = 0;
  #out: Uint8Array = new Uint8Array(0);
  #start = 0;
  /** Labels of the last owner, the top-level one first: where they stand in the message, and in the zone's octets. */
  readonly #labelAt = new Uint16Array(MAX_LABELS);
  readonly #labelSource = new Uint32Array(MAX_LABELS);
  #labels = 0;
  /** Labels of the present owner in the zone's octets, leftmost first, and the root behind them. */
  readonly #offsets = new Uint32Array(MAX_LABELS + 1);

  /** Begins a message at `out[start..]`, whose first `size` octets are spoken for. */
  begin(out: Uint8Array, start: number, size: number): void {
    this.#out = out;
    this.#start = start;
    this.size = size;
    this.#labels = 0;
  }

  /**
   * Adds a record (offsets in `octets`) unless the message would grow beyond `limit` octets. Once it has returned false the
   * message is complete; the record belongs into the next one. A limit above 16384 is only for the first record: owners
   * farther behind could not be pointed to.
   */
  add(octets: Uint8Array, ownerAt: number, recordAt: number, recordSize: number, limit: number): boolean {
    const count = this.#locateLabels(octets, ownerAt);
    const shared = this.#sharedLabels(octets, count);
    const own = this.#offsets[count - shared]! - ownerAt;
    const ownerEnd = this.size + own + (shared === 0 ? 1 : 2);
    if (ownerEnd + recordSize > limit) return false;
    for (let k = shared; k < count; k++) {
      const at = this.#offsets[count - 1 - k]!;
      this.#labelAt[k] = this.size + at - ownerAt;
      this.#labelSource[k] = at;
    }
    this.#labels = count;
    const out = this.#out;
    out.set(octets.subarray(ownerAt, ownerAt + own), this.#start + this.size);
    const tail = this.#start + this.size + own;
    if (shared === 0) out[tail] = 0;
    else {
      const target = this.#labelAt[shared - 1]!;
      out[tail] = 0xc0 | (target >>> 8);
      out[tail + 1] = target;
    }
    out.set(octets.subarray(recordAt, recordAt + recordSize), this.#start + ownerEnd);
    this.size = ownerEnd + recordSize;
    return true;
  }

  #locateLabels(octets: Uint8Array, ownerAt: number): number {
    let count = 0;
    let at = ownerAt;
    for (; octets[at] !== 0; at += octets[at]! + 1) this.#offsets[count++] = at;
    this.#offsets[count] = at;
    return count;
  }

  /** How many labels, from the root, the present owner and the one before have in common. */
  #sharedLabels(octets: Uint8Array, count: number): number {
    const most = Math.min(count, this.#labels);
    let shared = 0;
    while (shared < most && areLabelsEqual(octets, this.#offsets[count - 1 - shared]!, this.#labelSource[shared]!)) shared++;
    return shared;
  }
}

function areLabelsEqual(octets: Uint8Array, a: number, b: number): boolean {
  for (let i = 0; i <= octets[a]!; i++) if (octets[a + i] !== octets[b + i]) return false;
  return true;
}
