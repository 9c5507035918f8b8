// Events over a real socket: as they happen, from where a listener left off, and with a word when something was missed.

import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { adminStage } from '../../support/admin.ts';

async function listen(t: ExecutionContext) {
  const stage = await adminStage(t, '127.0.0.1', { tokens: [] });
  await stage.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = stage.app.server.address() as AddressInfo;
  const open = async (headers: Record<string, string> = {}): Promise<Stream> => {
    const request = get({ host: '127.0.0.1', port, path: '/v1/events', headers: { accept: 'text/event-stream', ...headers } });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    t.teardown(() => request.destroy());
    return new Stream(response);
  };
  return { ...stage, open };
}

class Stream {
  readonly response: IncomingMessage;
  #text = '';

  constructor(response: IncomingMessage) {
    this.response = response.setEncoding('utf8');
  }

  /** The text so far, once it has `what` in it. */
  async until(what: string): Promise<string> {
    while (!this.#text.includes(what)) {
      const [chunk] = (await once(this.response, 'data')) as [string];
      this.#text += chunk;
    }
    return this.#text;
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
