// SipHash-2-4, a keyed hash of 64 bits for short messages: whoever does not know the key can neither predict nor forge it.
// Written from the specification (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012) on halves of 32 bits, because
// a BigInt would be an object per operation. One instance per key; hash() overwrites the previous result and allocates nothing.

/** Four words of 64 bits, low half first: the ASCII text "somepseudorandomlygeneratedbytes", which the key is added to. */
const INITIAL = Int32Array.of(0x70736575, 0x736f6d65, 0x6e646f6d, 0x646f7261, 0x6e657261, 0x6c796765, 0x79746573, 0x74656462);

export class SipHash {
  /** Halves of the hash. As octets it is `low`, then `high`, each with its least octet first. */
  #low = 0;
  #high = 0;
  /** What hashing starts from: v0..v3, low halves at even indexes. */
  readonly #start: Int32Array;
  readonly #v: Int32Array = new Int32Array(8);

  /** `key` is 16 octets. */
  constructor(key: Uint8Array) {
    this.#start = INITIAL.map((word, i) => word ^ readI32le(key, 4 * (i & 3)));
  }

  /** Hashes `octets[offset..offset+size)`. */
  hash(octets: Uint8Array, offset: number, size: number): void {
    const v = this.#v;
    for (let i = 0; i < 8; i++) v[i] = this.#start[i]!;
    const tail = offset + (size & ~7);
    for (let at = offset; at < tail; at += 8) this.#absorb(readI32le(octets, at), readI32le(octets, at + 4));
    // The last word: what is left over, filled up with zeros, and the size modulo 256 in the highest octet.
    let low = 0;
    let high = size << 24;
    for (let i = 0; i < (size & 7); i++) {
      if (i < 4) low |= octets[tail + i]! << (8 * i);
      else high |= octets[tail + i]! << (8 * (i - 4));
    }
    this.#absorb(low, high);
    v[4]! ^= 0xff;
    this.#rounds(4);
    this.#low = v[0]! ^ v[2]! ^ v[4]! ^ v[6]!;
    this.#high = v[1]! ^ v[3]! ^ v[5]! ^ v[7]!;
  }

  /** Writes the 8 octets of the hash at `out[at..]`. */
  write(out: Uint8Array, at: number): void {
    for (let i = 0; i < 4; i++) {
      out[at + i] = this.#low >>> (8 * i);
      out[at + 4 + i] = this.#high >>> (8 * i);
    }
  }

  /** Whether the hash stands at `octets[at..]`. The time taken does not tell how much of a wrong one is right. */
  stands(octets: Uint8Array, at: number): boolean {
    return ((this.#low ^ readI32le(octets, at)) | (this.#high ^ readI32le(octets, at + 4))) === 0;
  }

  #absorb(low: number, high: number): void {
    const v = this.#v;
    v[6]! ^= low;
    v[7]! ^= high;
    this.#rounds(2);
    v[0]! ^= low;
    v[1]! ^= high;
  }

  /** SipRound, `count` times. In each addition the low half carries over if the sum, taken unsigned, is less than an addend. */
  #rounds(count: number): void {
    const v = this.#v;
    let a0 = v[0]!;
    let a1 = v[1]!;
    let b0 = v[2]!;
    let b1 = v[3]!;
    let c0 = v[4]!;
    let c1 = v[5]!;
    let d0 = v[6]!;
    let d1 = v[7]!;
    for (let i = 0; i < count; i++) {
      // v0 += v1; v1 <<<= 13; v1 ^= v0; v0 <<<= 32
      let low = (a0 + b0) | 0;
      let high = (a1 + b1 + carry(low, a0)) | 0;
      let old = b0;
      b0 = ((b0 << 13) | (b1 >>> 19)) ^ low;
      b1 = ((b1 << 13) | (old >>> 19)) ^ high;
      a0 = high;
      a1 = low;
      // v2 += v3; v3 <<<= 16; v3 ^= v2
      low = (c0 + d0) | 0;
      c1 = (c1 + d1 + carry(low, c0)) | 0;
      c0 = low;
      old = d0;
      d0 = ((d0 << 16) | (d1 >>> 16)) ^ c0;
      d1 = ((d1 << 16) | (old >>> 16)) ^ c1;
      // v0 += v3; v3 <<<= 21; v3 ^= v0
      low = (a0 + d0) | 0;
      a1 = (a1 + d1 + carry(low, a0)) | 0;
      a0 = low;
      old = d0;
      d0 = ((d0 << 21) | (d1 >>> 11)) ^ a0;
      d1 = ((d1 << 21) | (old >>> 11)) ^ a1;
      // v2 += v1; v1 <<<= 17; v1 ^= v2; v2 <<<= 32
      low = (c0 + b0) | 0;
      high = (c1 + b1 + carry(low, c0)) | 0;
      old = b0;
      b0 = ((b0 << 17) | (b1 >>> 15)) ^ low;
      b1 = ((b1 << 17) | (old >>> 15)) ^ high;
      c0 = high;
      c1 = low;
    }
    v[0] = a0;
    v[1] = a1;
    v[2] = b0;
    v[3] = b1;
    v[4] = c0;
    v[5] = c1;
    v[6] = d0;
    v[7] = d1;
  }
}

const carry = (sum: number, addend: number): number => (sum >>> 0 < addend >>> 0 ? 1 : 0);

const readI32le = (octets: Uint8Array, at: number): number =>
  octets[at]! | (octets[at + 1]! << 8) | (octets[at + 2]! << 16) | (octets[at + 3]! << 24);
