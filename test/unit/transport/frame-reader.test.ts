import test from 'ava';
import { FRAME, FrameReader, MAX_QUERY_SIZE } from '../../../src/transport/frame-reader.ts';
import { frame, idOf, query } from '../../support/dns-octets.ts';

/** Feeds the chunks and returns the messages found; `bad` says whether the stream was refused. */
function read(chunks: readonly Uint8Array[], reader = new FrameReader()): { messages: Uint8Array[]; bad: boolean } {
  const messages: Uint8Array[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (;;) {
      const found = reader.next();
      if (found === FRAME.BAD) return { messages, bad: true };
      if (found === FRAME.MORE) break;
      messages.push(reader.message.slice(reader.offset, reader.offset + reader.length));
    }
  }
  return { messages, bad: false };
}

test('three messages split at every pair of places come out whole and in order', (t) => {
  const messages = [query(1), query(2, 40), query(3)];
  const stream = Buffer.concat(messages.map(frame));
  for (let first = 0; first <= stream.length; first++) {
    for (let second = first; second <= stream.length; second++) {
      const chunks = [stream.subarray(0, first), stream.subarray(first, second), stream.subarray(second)];
      const result = read(chunks);
      if (result.bad || !result.messages.every((message, i) => Buffer.compare(message, messages[i]!) === 0))
        t.fail(`${first}, ${second}`);
      if (result.messages.length !== 3) t.fail(`${first}, ${second}: ${result.messages.length} messages`);
    }
  }
  t.deepEqual(read([...stream].map((octet) => Uint8Array.of(octet))).messages.map(idOf), [1, 2, 3]);
});

test('a reader knows whether a message has begun', (t) => {
  const reader = new FrameReader();
  t.false(reader.isPartial);
  t.is(read([frame(query(1)).subarray(0, 1)], reader).messages.length, 0);
  t.true(reader.isPartial);
  t.is(read([frame(query(1)).subarray(1)], reader).messages.length, 1);
  t.false(reader.isPartial);
});

test('lengths below a header and above the longest query are refused, whole or split in the prefix', (t) => {
  for (const length of [0, 1, 11, MAX_QUERY_SIZE + 1, 65535]) {
    const prefix = Uint8Array.of(length >> 8, length & 0xff);
    t.true(read([prefix]).bad, `${length} in one piece`);
    t.true(read([prefix.subarray(0, 1), prefix.subarray(1)]).bad, `${length} in two pieces`);
  }
});

test('the shortest and the longest query are taken, also when they come in two pieces', (t) => {
  for (const length of [12, MAX_QUERY_SIZE]) {
    const octets = frame(new Uint8Array(length).fill(7));
    t.is(read([octets]).messages[0]?.length, length);
    t.deepEqual(read([octets.subarray(0, 9), octets.subarray(9)]).messages, [octets.slice(2)]);
  }
});

test('messages before a bad frame are still found', (t) => {
  const result = read([Buffer.concat([frame(query(9)), Uint8Array.of(0, 0)])]);
  t.deepEqual(result.messages.map(idOf), [9]);
  t.true(result.bad);
});
