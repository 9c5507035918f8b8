// Events over a real socket: as they happen, from where a listener left off, and with a word when something was missed.

import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { AppOptions } from '../../../src/admin/route.ts';
import { MOST_UNREAD_SIZE } from '../../../src/admin/routes-events.ts';
import { adminStage } from '../../support/admin.ts';

async function listen(t: ExecutionContext, more: Partial<AppOptions> = {}) {
  const stage = await adminStage(t, '127.0.0.1', { tokens: [] }, undefined, {}, more);
  await stage.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = stage.app.server.address() as AddressInfo;
  const open = async (headers: Record<string, string> = {}): Promise<Stream> => {
    const request = get({ host: '127.0.0.1', port, path: '/v1/events', headers: { accept: 'text/event-stream', ...headers } });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    t.teardown(() => request.destroy());
    return new Stream(response);
  };
  /** A client that asks and then reads nothing; the server's end of its connection. */
  const askAndNotRead = async (...lines: readonly string[]): Promise<Socket> => {
    const accepted = once(stage.app.server, 'connection') as Promise<[Socket]>;
    const client = connect(port, '127.0.0.1').pause();
    client.on('error', () => undefined); // cut off, as it should be
    t.teardown(() => client.destroy());
    client.write(lines.map((line) => `${line}\r\nHost: 127.0.0.1\r\n\r\n`).join(''));
    return (await accepted)[0];
  };
  return { ...stage, open, askAndNotRead };
}

class Stream {
  readonly response: IncomingMessage;
  #text = '';
  #wake: () => void = () => undefined;

  constructor(response: IncomingMessage) {
    this.response = response.setEncoding('utf8');
    // Always heard: what comes while nobody listens would be lost.
    response.on('data', (chunk: string) => {
      this.#text += chunk;
      this.#wake();
    });
  }

  /** The text so far, once it has `what` in it. */
  async until(what: string): Promise<string> {
    while (!this.#text.includes(what)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#text;
  }

  /** Likewise, and forgets it. */
  async take(what: string): Promise<string> {
    const text = await this.until(what);
    this.#text = '';
    return text;
  }
}

const event = (text: string) =>
  ({ atMs: 1, kind: 'health', level: 'info', text, member: null, pool: null, site: null, isUp: null }) as const;

test('who listens hears of what happens from then on', async (t) => {
  const { open, events } = await listen(t);
  events.add(event('before'));
  const stream = await open();
  t.is(stream.response.headers['content-type'], 'text/event-stream; charset=utf-8');
  t.is(stream.response.headers['x-content-type-options'], 'nosniff');
  await stream.until('retry:');
  events.add(event('after'));
  const text = await stream.until('"text":"after"');
  t.false(text.includes('"before"'));
  t.regex(text, /^id: \w+-2\nevent: health\ndata: \{.*\}$/m);
});

test('who comes back with Last-Event-ID gets what was missed, and no more', async (t) => {
  const { open, events } = await listen(t);
  for (const text of ['one', 'two', 'three']) events.add(event(text));
  const text = await (await open({ 'last-event-id': events.recent(3)[1]!.id })).until('"three"');
  t.false(text.includes('"two"'));
  t.false(text.includes('event: reset'));
});

test('who comes back from before the start, or with nonsense, is told to begin anew', async (t) => {
  const { open } = await listen(t);
  for (const id of ['zz-1', '1-77', 'nonsense', '1-x'])
    t.regex(await (await open({ 'last-event-id': id })).until('data:'), /event: reset/);
});

test('an order is an event', async (t) => {
  const { app, events } = await listen(t);
  const payload = { action: 'down', what: 'web/tokyo', reason: 'a test' };
  t.is((await app.inject({ method: 'POST', url: '/v1/overrides', headers: { host: 'localhost' }, payload })).statusCode, 200);
  t.deepEqual(
    events.recent(10).map(({ kind }) => kind),
    ['order'],
  );
});

test('only the latest are kept, and older ones count as missed', async (t) => {
  const { events } = await listen(t);
  events.add(event('first'));
  const { id } = events.recent(1)[0]!;
  for (let i = 0; i < 1001; i++) events.add(event(String(i)));
  t.is(events.recent(5000).length, 1000);
  t.is(events.since(id), undefined);
});

test('a listener that never reads is cut off, holds a bounded part of memory until then, and disturbs no other', async (t) => {
  const listeners = { count: 0 };
  const { open, events, askAndNotRead, logged } = await listen(t, { listeners });
  const reader = await open();
  await reader.until('retry:');
  const silent = await askAndNotRead('GET /v1/events HTTP/1.1\r\nAccept: text/event-stream');
  while (listeners.count < 2) await nextTurn();
  let isCut = false;
  silent.once('close', () => {
    isCut = true;
  });
  let most = 0;
  let told = 0;
  let heard = 0;
  // The system takes some megabytes for it first.
  while (!isCut) {
    for (let i = 0; i < 50; i++) {
      events.add(event(`${++told} ${'x'.repeat(500)}`));
      most = Math.max(most, silent.writableLength);
    }
    heard += (await reader.take(`"text":"${told} `)).match(/^id: /gm)!.length;
  }
  t.true(most <= MOST_UNREAD_SIZE + 4096, `${most} octets waited`);
  t.is(listeners.count, 1);
  t.deepEqual(
    logged.filter((line) => line.includes('does not read')),
    ['a listener to events does not read and is cut off'],
  );
  t.is(heard, told, 'the other has heard of everything, once');
});

test('a client that asks for much and never reads it is cut off', async (t) => {
  const { events, askAndNotRead } = await listen(t, { unreadTimeoutMs: 200 });
  for (let i = 0; i < 1000; i++) events.add(event('x'.repeat(1000)));
  const pages = Array.from({ length: 40 }, () => 'GET /v1/events?limit=1000 HTTP/1.1');
  const socket = await askAndNotRead(...pages);
  await once(socket, 'close');
  t.pass();
});
