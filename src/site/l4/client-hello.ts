// The name of the server that a TLS client asks for, from the first octets of its connection, which stay as they are: nothing is decrypted
// and nothing is answered. A ClientHello may come in any pieces and over several records. Bounded: whatever a client sends, no more than
// MOST_HELLO_SIZE octets are kept, and each is looked at once. With Encrypted ClientHello the name is the outer, public one.
// Sources: RFC 8446 sections 4.1.2 (ClientHello) and 5.1 (records), RFC 5246 section 7.4.1.2 (no extensions), RFC 6066 section 3 (names).
//
//   record        1 type (22 handshake), 2 version (3, x), 2 size, then so many octets of messages
//   message       1 type (1 ClientHello), 3 size, then
//   ClientHello   2 version, 32 random, <1> session id, <2> cipher suites, <1> compression methods, [<2> extensions]
//   extension     2 type (0 server_name), <2> data; that of a name: <2> list of 1 kind (0 host_name), <2> name
//
// where <n> is a size of n octets and so many octets.

/** Of the records that hold the ClientHello, their headers included. Those of browsers have 0.5 to 2 KiB. */
export const MOST_HELLO_SIZE = 16_384;

export type HelloOutcome =
  /** `serverName`: lower case, without a final dot; null = the client names none. */
  { readonly kind: 'whole'; readonly serverName: string | null } | { readonly kind: 'bad'; readonly why: string };

const RECORD_HEADER_SIZE = 5;
const MESSAGE_HEADER_SIZE = 4;
const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const HOST_NAME = 0;
const VERSION_AND_RANDOM_SIZE = 34;
/** Of plain text in a record (RFC 8446 section 5.1). */
const MOST_RECORD_SIZE = 16_384;
const NAME = /^(?=.{1,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/;

/** Reads one ClientHello. To be used for one connection, and no more once it has come to a conclusion. */
export class HelloReader {
  /** All octets of messages so far. */
  #message: Buffer = Buffer.allocUnsafe(512);
  #messageSize = 0;
  readonly #header = new Uint8Array(RECORD_HEADER_SIZE);
  #headerSize = 0;
  /** Octets of the present record that are still to come. */
  #missing = 0;
  #size = 0;

  /** What comes next on the connection. Null = more is needed. Never throws. */
  take(chunk: Uint8Array): HelloOutcome | null {
    for (let at = 0; at < chunk.length; ) {
      if (this.#missing === 0) {
        this.#header[this.#headerSize++] = chunk[at++]!;
        if (++this.#size > MOST_HELLO_SIZE) return TOO_LONG;
        const wrong = this.#checkHeader();
        if (wrong !== null) return wrong;
        continue;
      }
      const count = Math.min(this.#missing, chunk.length - at, MOST_HELLO_SIZE - this.#size);
      if (count === 0) return TOO_LONG;
      this.#keep(chunk.subarray(at, at + count));
      at += count;
      this.#missing -= count;
      this.#size += count;
      const outcome = this.#conclude();
      if (outcome !== null) return outcome;
    }
    return null;
  }

  /** Refuses what is no TLS at the first octet that shows it. */
  #checkHeader(): HelloOutcome | null {
    const [type, major, , high, low] = this.#header as unknown as readonly [number, number, number, number, number];
    if (type !== HANDSHAKE || (this.#headerSize > 1 && major !== 3)) return bad('the connection does not begin with TLS');
    if (this.#headerSize < RECORD_HEADER_SIZE) return null;
    this.#headerSize = 0;
    this.#missing = 256 * high + low;
    return this.#missing === 0 || this.#missing > MOST_RECORD_SIZE ? bad('a record is empty or too long') : null;
  }

  #keep(octets: Uint8Array): void {
    if (this.#messageSize + octets.length > this.#message.length) {
      const larger = Buffer.allocUnsafe(Math.max(2 * this.#message.length, this.#messageSize + octets.length));
      this.#message.copy(larger, 0, 0, this.#messageSize);
      this.#message = larger;
    }
    this.#message.set(octets, this.#messageSize);
    this.#messageSize += octets.length;
  }

  #conclude(): HelloOutcome | null {
    if (this.#message[0] !== CLIENT_HELLO) return bad('the first message is no ClientHello');
    if (this.#messageSize < MESSAGE_HEADER_SIZE) return null;
    const end = MESSAGE_HEADER_SIZE + this.#message.readUIntBE(1, 3);
    if (end > MOST_HELLO_SIZE) return TOO_LONG;
    return this.#messageSize < end ? null : readHello(this.#message.subarray(MESSAGE_HEADER_SIZE, end));
  }
}

const bad = (why: string): HelloOutcome => ({ kind: 'bad', why: `ClientHello: ${why}` });
const TOO_LONG = bad(`not whole within ${MOST_HELLO_SIZE} octets`);
const MALFORMED = bad('it is malformed');

/** A place in octets; what lies beyond their end is not read. */
class Cursor {
  at = 0;
  readonly #octets: Buffer;

  constructor(octets: Buffer) {
    this.#octets = octets;
  }

  get left(): number {
    return this.#octets.length - this.at;
  }

  /** A number of so many octets; -1 = there are not so many. */
  number(size: 1 | 2): number {
    if (this.left < size) return -1;
    const value = this.#octets.readUIntBE(this.at, size);
    this.at += size;
    return value;
  }

  /** The octets behind a size of `sizeSize` octets; null = there are not so many. */
  part(sizeSize: 1 | 2): Buffer | null {
    const size = this.number(sizeSize);
    if (size < 0 || this.left < size) return null;
    this.at += size;
    return this.#octets.subarray(this.at - size, this.at);
  }
}

function readHello(octets: Buffer): HelloOutcome {
  if (octets.length < VERSION_AND_RANDOM_SIZE) return MALFORMED;
  const cursor = new Cursor(octets);
  cursor.at = VERSION_AND_RANDOM_SIZE;
  if (cursor.part(1) === null || cursor.part(2) === null || cursor.part(1) === null) return MALFORMED;
  if (cursor.left === 0) return NAMELESS;
  const extensions = cursor.part(2);
  return extensions === null || cursor.left > 0 ? MALFORMED : readExtensions(new Cursor(extensions));
}

const NAMELESS: HelloOutcome = { kind: 'whole', serverName: null };

function readExtensions(cursor: Cursor): HelloOutcome {
  let named: HelloOutcome | null = null;
  while (cursor.left > 0) {
    const type = cursor.number(2);
    const data = cursor.part(2);
    if (data === null) return MALFORMED;
    if (type !== SERVER_NAME) continue;
    // Two of them could mean one server here and another one behind (RFC 8446 section 4.2 forbids it).
    if (named !== null) return MALFORMED;
    named = readServerName(new Cursor(data));
    if (named.kind === 'bad') return named;
  }
  return named ?? NAMELESS;
}

function readServerName(cursor: Cursor): HelloOutcome {
  const names = cursor.part(2);
  if (names === null || cursor.left > 0) return MALFORMED;
  const list = new Cursor(names);
  const kind = list.number(1);
  const octets = list.part(2);
  // No other kind was ever defined, and there may be one name of each.
  if (kind !== HOST_NAME || octets === null || list.left > 0) return MALFORMED;
  const text = octets.toString('latin1').toLowerCase();
  const serverName = text.endsWith('.') ? text.slice(0, -1) : text;
  return NAME.test(serverName) ? { kind: 'whole', serverName } : bad('the server name is no host name');
}
