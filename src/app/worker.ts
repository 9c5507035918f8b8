// Entry of a DNS worker thread: sockets above, one Responder below, images from the control thread. It parses no file and asks
// nobody anything while it answers.

import { randomBytes } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../base/clock.ts';
import type { Problem } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import { GeoImage } from '../geo/lookup.ts';
import { COUNTER, Counters } from '../metrics/counters.ts';
import type { Endpoint } from '../model/snapshot.ts';
import { Responder } from '../responder/responder.ts';
import { SteeringImage } from '../steering/image.ts';
import { TransferDesk } from '../transfer/transfer-desk.ts';
import { supportsReusePort } from '../transport/listen.ts';
import { TcpListener } from '../transport/tcp.ts';
import { UdpListener } from '../transport/udp.ts';
import { ZoneImage } from '../zone/image.ts';
import { hmac } from './hmac.ts';
import type { FromWorker, Images, ToWorker, WorkerStart } from './messages.ts';

/** Times a port that the system chose for UDP may turn out to be taken for TCP before we give up. */
const PORT_TRIES = 20;

interface Listeners {
  readonly udp: UdpListener;
  readonly tcp: TcpListener;
}

const start = workerData as WorkerStart;
const send = (message: FromWorker): void => parentPort!.postMessage(message);

const { udpPayloadSize, tcp: limits, rateLimit, ecs } = start.settings;
const counters = new Counters(start.counters).row(start.row);
// The connections of a worker that died went with it.
counters[COUNTER.TCP_CLOSED] = counters[COUNTER.TCP_ACCEPTED]!;
const transferDesk = new TransferDesk({ hmac, clock: systemClock, udpPayloadSize, counters });
const responder = new Responder({
  udpPayloadSize,
  counters,
  identity: start.settings,
  idleTimeoutMs: limits.idleTimeoutMs,
  deputy: transferDesk,
  trustedResolvers: ecs.trustedResolvers,
  ...(rateLimit.enabled ? { rateLimit: { settings: rateLimit, key: secretKey() } } : {}),
});
const listeners: Listeners[] = [];

function install(images: Images): void {
  const zones = images.zones.map((buffer) => new ZoneImage(buffer));
  transferDesk.install(zones, images.transfer);
  responder.install({
    zones,
    usesEcs: images.usesEcs,
    geo: new GeoImage(images.geo),
    steering: new SteeringImage(images.steering),
  });
  responder.useCookieSecrets(images.cookieSecrets);
}

/** Secret of this worker for hashes that a sender must not foresee. */
function secretKey(): Uint32Array {
  const octets = randomBytes(16);
  return Uint32Array.from({ length: 4 }, (_, i) => octets.readUInt32LE(4 * i));
}

async function listen(endpoint: Endpoint): Promise<Result<Listeners, Problem>> {
  const reusePort = supportsReusePort;
  for (let tries = 1; ; tries++) {
    const udp = await UdpListener.listen({
      endpoint,
      respond: responder.respond,
      maxReplySize: udpPayloadSize,
      clock: systemClock,
      reusePort,
      counters,
    });
    if (!udp.ok) return udp;
    const port = udp.value.port;
    const tcp = await TcpListener.listen({
      endpoint: { address: endpoint.address, port },
      respond: responder.respond,
      limits,
      clock: systemClock,
      reusePort,
      counters,
    });
    if (tcp.ok) return ok({ udp: udp.value, tcp: tcp.value });
    await udp.value.close();
    if (endpoint.port !== 0 || tries === PORT_TRIES) return err(tcp.error);
  }
}

async function main(): Promise<void> {
  install(start.images);
  const endpoints: Endpoint[] = [];
  for (const endpoint of start.endpoints) {
    const opened = await listen(endpoint);
    if (!opened.ok) {
      send({ kind: 'failed', problem: opened.error });
      await close();
      return;
    }
    listeners.push(opened.value);
    endpoints.push({ address: endpoint.address, port: opened.value.udp.port });
  }
  send({ kind: 'listening', endpoints });
}

async function close(): Promise<void> {
  await Promise.all(listeners.flatMap(({ udp, tcp }) => [udp.close(), tcp.close()]));
  parentPort!.close();
}

parentPort!.on('message', (message: ToWorker) => {
  if (message.kind === 'install') {
    install(message.images);
    send({ kind: 'installed', generation: message.images.generation });
  } else void close();
});

await main();
