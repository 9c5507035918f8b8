// What the thread of the API does once it is told what to serve. It makes way for the threads that answer, so whatever HTTP, JSON and
// TLS cost, they cost what is left over; and what kills it kills the API alone.

import { parentPort } from 'node:worker_threads';
import { EventRing } from '../../admin/event-ring.ts';
import { openAdmin } from '../../admin/server.ts';
import { systemClock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { PassedSocket } from '../../model/passed-socket.ts';
import { RateHistory } from '../../watch/rates.ts';
import { HeapKeeper } from '../answering/heap-keeper.ts';
import { yieldToAnswers } from '../answering/priority.ts';
import type { ApiStart, FromApi, ToApi } from './api-messages.ts';
import { remotePort } from './remote-port.ts';

const send = (message: FromApi): void => parentPort!.postMessage(message);

/** Resolves once every address is listened on. */
export async function serveApi(start: ApiStart): Promise<void> {
  let { settings } = start;
  const events = new EventRing(0);
  for (const event of start.events) events.take(event);
  const rates = new RateHistory();
  for (const sample of start.rates) rates.push(sample);
  const revision = new Int32Array(start.revision);

  const asked = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let lastId = 0;
  const port = remotePort(
    (method, args) =>
      new Promise((resolve, reject) => {
        const id = ++lastId;
        asked.set(id, { resolve, reject });
        send({ kind: 'call', id, method, args });
      }),
    events,
    rates,
    () => Atomics.load(revision, 0),
    systemClock,
  );

  const logAt =
    (level: keyof Logger): Logger[keyof Logger] =>
    (facts, message) =>
      send({ kind: 'log', level, facts, message });
  const log: Logger = { debug: logAt('debug'), info: logAt('info'), warn: logAt('warn'), error: logAt('error') };

  // Messages of the control thread wait until the listener is there; calls need replies before anything listens.
  const { listen } = settings;
  const passed: PassedSocket = (address, number) =>
    start.passed[listen.findIndex((at) => at.address === address && at.port === number)] ?? undefined;
  const { version, stateDirectory } = start;
  const opening = openAdmin({ settings: () => settings, port, clock: systemClock, log, version, stateDirectory, passed });

  parentPort!.on('message', (message: ToApi) => {
    if (message.kind === 'event') events.take(message.event);
    else if (message.kind === 'rates') rates.push(message.sample);
    else if (message.kind === 'settings') {
      settings = message.settings;
      void opening.then((server) => server.renew());
    } else if (message.kind === 'close') void close();
    else {
      const waiting = asked.get(message.id);
      asked.delete(message.id);
      if (message.kind === 'reply') waiting?.resolve(message.value);
      else waiting?.reject(new Error(message.message));
    }
  });

  async function close(): Promise<void> {
    await (await opening).close();
    parentPort!.close();
  }

  const { endpoints, problems } = await opening;
  yieldToAnswers('api'); // not before: on a busy machine it would take long to be there
  new HeapKeeper().start();
  send({ kind: 'listening', endpoints, problems });
}
