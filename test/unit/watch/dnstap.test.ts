// dnstap as others read it: frames and messages are taken apart here by the specifications alone (Frame Streams, Protocol Buffers).

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type DnstapMessage, encodeDnstap } from '../../../src/watch/dnstap.ts';
import { DnstapFile } from '../../../src/watch/dnstap-file.ts';
import { DnstapSocket } from '../../../src/watch/dnstap-socket.ts';
import { dataFrame } from '../../../src/watch/frame-streams.ts';
import { control, FrameReader, fieldsOf } from '../../support/dnstap.ts';
import { eventually } from '../../support/patience.ts';

const SELF = { identity: 'ns1', version: 'meridian 1' };
const MESSAGE: DnstapMessage = {
  kind: 'query',
  id: 'abc-1',
  family: 4,
  transport: 'udp',
  address: Uint8Array.of(192, 0, 2, 0),
  port: 4711,
  wallMs: 1_800_000_000_123.5,
  octets: Uint8Array.of(1, 2, 3),
};
const text = (octets: unknown): string => Buffer.from(octets as Uint8Array).toString();

function place(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-dnstap-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'frames');
}

test('a query is AUTH_QUERY with who asked and when', (t) => {
  const outer = fieldsOf(encodeDnstap(SELF, MESSAGE));
  t.deepEqual([text(outer.get(1)), text(outer.get(2)), text(outer.get(3)), outer.get(15)], ['ns1', 'meridian 1', 'abc-1', 1]);
  const inner = fieldsOf(outer.get(14) as Uint8Array);
  t.deepEqual(
    [...inner].map(([field, value]) => [field, value instanceof Uint8Array ? [...value] : value]),
    [
      [1, 1],
      [2, 1],
      [3, 1],
      [4, [192, 0, 2, 0]],
      [6, 4711],
      [8, 1_800_000_000],
      [9, 123_500_000],
      [10, [1, 2, 3]],
    ],
  );
});

test('a response is AUTH_RESPONSE, with its own time and message; what is not known is left out', (t) => {
  const message: DnstapMessage = { ...MESSAGE, kind: 'response', family: 6, transport: 'tcp', port: null };
  const inner = fieldsOf(fieldsOf(encodeDnstap(SELF, message)).get(14) as Uint8Array);
  t.deepEqual([inner.get(1), inner.get(2), inner.get(3), inner.get(12), inner.get(13)], [2, 2, 2, 1_800_000_000, 123_500_000]);
  t.deepEqual(inner.get(14), Uint8Array.of(1, 2, 3));
  t.false(inner.has(6));
  t.false(inner.has(10));
  const without = fieldsOf(fieldsOf(encodeDnstap(SELF, { ...message, octets: null })).get(14) as Uint8Array);
  t.false(without.has(14));
});

test('a file begins with START, ends with STOP, and one that was there is put aside', async (t) => {
  const path = place(t);
  for (const payload of ['first', 'second']) {
    const file = new DnstapFile(path, 1e6, (message) => t.fail(message));
    t.true(file.add(dataFrame(Buffer.from(payload))));
    await file.close();
  }
  const reader = new FrameReader();
  reader.take(readFileSync(path));
  t.deepEqual(reader.heard, ['START protobuf:dnstap.Dnstap', 'data second', 'STOP']);
  t.true(readFileSync(`${path}.1`).includes('first'));
});

test('a file of its size is put aside', async (t) => {
  const path = place(t);
  const file = new DnstapFile(path, 20, (message) => t.fail(message));
  for (const payload of ['a longer first one', 'a longer second one']) {
    file.add(dataFrame(Buffer.from(payload)));
    await eventually(
      () => existsSync(path) && readFileSync(path).includes(payload),
      () => 'nothing was written',
    );
  }
  await file.close();
  t.false(readFileSync(path).includes('first'));
  t.true(readFileSync(`${path}.1`).includes('first'));
});

test('a file that cannot be written says so, and the next frames are tried again', async (t) => {
  const said: string[] = [];
  const file = new DnstapFile('/nowhere/at/all', 1e6, (message) => said.push(message));
  file.add(dataFrame(Uint8Array.of(1)));
  await file.close();
  t.regex(said[0]!, /ENOENT/);
});

interface Listener {
  readonly path: string;
  readonly reader: FrameReader;
  readonly sockets: Socket[];
  close(): void;
}

/** Listens as fstrm_capture does; accepts what is offered. */
async function listen(t: ExecutionContext, path: string, isReading = true): Promise<Listener> {
  const reader = new FrameReader();
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      for (const type of reader.take(chunk)) {
        if (type === 'READY') socket.write(control(1, 'protobuf:dnstap.Dnstap'));
        if (type === 'START' && !isReading) socket.pause();
        if (type === 'STOP') socket.end(control(5));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const close = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  t.teardown(close);
  return { path, reader, sockets, close };
}

test('over a socket the stream is agreed upon, and ended in good order', async (t) => {
  const { path, reader } = await listen(t, place(t));
  const socket = new DnstapSocket(path, () => undefined);
  await eventually(
    () => socket.add(dataFrame(Buffer.from('hello'))),
    () => 'the reader never got ready',
  );
  await socket.close();
  t.deepEqual(reader.heard, ['READY protobuf:dnstap.Dnstap', 'START protobuf:dnstap.Dnstap', 'data hello', 'STOP']);
});

test('while nobody listens frames are dropped, and somebody who comes later gets those after', async (t) => {
  const path = place(t);
  const said: string[] = [];
  const socket = new DnstapSocket(path, (message) => said.push(message));
  t.teardown(() => socket.close());
  t.false(socket.add(dataFrame(Buffer.from('early'))));
  await eventually(
    () => said.length > 0,
    () => 'nothing was said',
  );
  t.regex(said[0]!, /no frames go to .*ENOENT/);
  const { reader } = await listen(t, path);
  await eventually(
    () => socket.add(dataFrame(Buffer.from('late'))),
    () => 'the reader never got ready',
  );
  await eventually(
    () => reader.heard.includes('data late'),
    () => reader.heard.join(),
  );
  t.false(reader.heard.includes('data early'));
});

test('a reader that reads nothing costs a bounded amount of memory, then frames are dropped', async (t) => {
  const { path } = await listen(t, place(t), false);
  const socket = new DnstapSocket(path, () => undefined);
  t.teardown(() => socket.close());
  const frame = dataFrame(new Uint8Array(64 * 1024));
  await eventually(
    () => socket.add(frame),
    () => 'the reader never got ready',
  );
  let taken = 0;
  while (socket.add(frame)) taken++;
  t.true(taken * frame.length < 4 * 1024 * 1024, `${taken} frames`);
});

test('who wants something else than dnstap gets nothing', async (t) => {
  const path = place(t);
  const said: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(control(1, 'application/json')));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.teardown(() => server.close());
  const socket = new DnstapSocket(path, (message) => said.push(message));
  t.teardown(() => socket.close());
  await eventually(
    () => said.some((line) => line.includes('does not take dnstap')),
    () => said.join(),
  );
  t.false(socket.add(dataFrame(Uint8Array.of(1))));
});

test('a reader that answers with something else is left', async (t) => {
  const path = place(t);
  const said: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.teardown(() => server.close());
  const socket = new DnstapSocket(path, (message) => said.push(message));
  t.teardown(() => socket.close());
  await eventually(
    () => said.some((line) => line.includes('does not take dnstap')),
    () => said.join(),
  );
  t.pass();
});
