// A listening port that goes from one server to another, of whatever kind: nobody is refused in between.

import { fstatSync } from 'node:fs';
import type { Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import type { Line } from '../../../src/site/l4/line.ts';
import { NativeLines } from '../../../src/site/l4/native-lines.ts';
import { relayAddon } from '../../../src/site/l4/relay-addon.ts';
import { type DescriptorTaker, ListeningPort } from '../../../src/site/listening.ts';
import { eventually } from '../../support/patience.ts';
import { Client, FRONT } from '../../support/site.ts';

const why = (what: string) => (): string => `never: ${what}`;
const native = relayAddon === null ? test.skip : test;

async function openPort(t: ExecutionContext): Promise<ListeningPort> {
  const port = await ListeningPort.open(FRONT);
  if (!port.ok) throw new Error(port.error.message);
  t.teardown(() => port.value.close());
  return port.value;
}

/** Says its name to each socket. */
const saying = (name: string) => (socket: Socket) => void socket.on('error', () => {}).end(name);

/** The same, in the native relay. */
function nativeSaying(t: ExecutionContext, name: string): NativeLines {
  const onLine = (line: Line): void => {
    line.events = {
      onConnected: () => {},
      onConnectFailed: () => {},
      onMoved: () => {},
      onMeasured: () => {},
      onCutOff: () => {},
      onOver: () => {},
    };
    line.finish(Buffer.from(name));
  };
  const lines = NativeLines.open(relayAddon!, onLine, () => {})!;
  t.teardown(() => lines.close());
  return lines;
}

const heard = (t: ExecutionContext, { port }: ListeningPort): Promise<string> => new Client(t, port).all();

native('a port goes from sockets to the native relay, to another one, and back, and is the same all the time', async (t) => {
  const port = await openPort(t);
  const number = port.port;
  port.serve(saying('sockets'));
  t.is(await heard(t, port), 'sockets');
  port.serve(saying('early'), nativeSaying(t, 'first relay'));
  t.is(await heard(t, port), 'first relay');
  port.serve(saying('early'), nativeSaying(t, 'second relay'));
  t.is(await heard(t, port), 'second relay');
  port.serve(saying('sockets again'));
  t.is(await heard(t, port), 'sockets again');
  t.is(port.port, number);
});

native('under clients that come all the time nobody is refused by a change', async (t) => {
  const port = await openPort(t);
  const relay = nativeSaying(t, 'relay');
  const [sockets, early] = [saying('sockets'), saying('relay')];
  port.serve(sockets);
  const heardBy = { sockets: 0, relay: 0 };
  for (let i = 0; i < 20; i++) {
    const clients = Array.from({ length: 5 }, () => heard(t, port));
    if (i % 2 === 0) port.serve(early, relay);
    else port.serve(sockets);
    for (const name of await Promise.all([...clients, heard(t, port)])) heardBy[name as keyof typeof heardBy]++;
  }
  t.is(heardBy.sockets + heardBy.relay, 120);
  t.true(heardBy.sockets > 0 && heardBy.relay > 0);
});

native('a port that is closed is closed, whoever has it, and no descriptor stays behind', async (t) => {
  const port = await openPort(t);
  const relay = nativeSaying(t, 'relay');
  const taker = saying('early');
  let fd = -1;
  const watched: DescriptorTaker = {
    duplicate: (descriptor) => relay.duplicate(descriptor),
    stopListening: () => relay.stopListening(),
    listen: (descriptor) => {
      fd = descriptor;
      return relay.listen(descriptor);
    },
  };
  port.serve(taker, watched);
  t.is(await heard(t, port), 'relay');
  t.true(fstatSync(fd).isSocket());
  port.leave(saying('somebody else'));
  t.is(await heard(t, port), 'relay');
  port.leave(taker);
  t.throws(() => fstatSync(fd), { code: 'EBADF' });
  t.is(await new Client(t, port.port).over, 'reset');
});

test('where the relay cannot listen the sockets are taken', async (t) => {
  const port = await openPort(t);
  const taken: string[] = [];
  const failing = (duplicate: () => number): DescriptorTaker => ({
    duplicate,
    listen: () => false,
    stopListening: () => void taken.push('stopped'),
  });
  port.serve(
    saying('sockets'),
    failing(() => -9),
  );
  t.is(await heard(t, port), 'sockets');
  t.deepEqual(taken, []);
});

native('of who came before anybody served nobody is lost', async (t) => {
  const port = await openPort(t);
  const client = new Client(t, port.port);
  const early: Socket[] = [];
  await eventually(async () => {
    // Accepted by then, since another one that came later is there too.
    return client.socket.readyState === 'open';
  }, why('connected'));
  const later = heard(t, port);
  await new Promise((resolve) => setImmediate(resolve));
  port.serve(
    (socket) => {
      early.push(socket);
      socket.end('early');
    },
    nativeSaying(t, 'relay'),
  );
  t.true(['early', 'relay'].includes(await client.all()));
  t.true(['early', 'relay'].includes(await later));
});
