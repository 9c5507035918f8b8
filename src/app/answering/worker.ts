// Entry of a DNS worker thread: sockets above, one Responder below, images from the control thread. It parses no file and asks
// nobody anything while it answers.

import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../base/clock.ts';
import type { Problem } from '../../base/errors.ts';
import { ok, type Result } from '../../base/result.ts';
import { GeoImage } from '../../geo/lookup.ts';
import { askedRow } from '../../metrics/asked.ts';
import { COUNTER, Counters } from '../../metrics/counters.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import { Responder } from '../../responder/responder.ts';
import { Tap } from '../../responder/tap.ts';
import { SteeringImage } from '../../steering/image.ts';
import { TransferDesk } from '../../transfer/transfer-desk.ts';
import { packetIo } from '../../transport/packet-io.ts';
import { TcpListener } from '../../transport/tcp.ts';
import { listenUdp } from '../../transport/udp.ts';
import { ZoneImage } from '../../zone/image.ts';
import { DroppedMemory, sizeOf } from './dropped-memory.ts';
import { hmac } from './hmac.ts';
import type { InheritedSockets } from './inherited-sockets.ts';
import { buffersOf, type FromWorker, type Images, type ToWorker, type WorkerStart } from './messages.ts';
import { inlineWholeQueries } from './v8-flags.ts';

/** Times a port that the system chose for TCP may turn out to be taken for UDP before we give up. */
const PORT_TRIES = 20;

interface Listener {
  readonly port: number;
  close(): Promise<void>;
  /** Where there are connections, which may go on for a while. */
  retire?(idleMs: number, drainMs: number): Promise<void>;
}

/** An image of a few thousand names; what a thread needs while it answers is smaller and reused. */
const LARGE_BLOCK_SIZE = 1024 * 1024;

inlineWholeQueries();
packetIo.addon?.mapLargeBlocks(LARGE_BLOCK_SIZE);
const start = workerData as WorkerStart;
const send = (message: FromWorker): void => parentPort!.postMessage(message);

const { udpPayloadSize, udpBusyPollUs, udpTrains, tcp: limits, rateLimit, ecs } = start.settings;
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
  ...(start.limits === null ? {} : { rateLimit: { settings: rateLimit, shared: start.limits } }),
});
const listeners: Listener[] = [];
const droppedMemory = new DroppedMemory();
/** What it answers from; null until the first has come. */
let current: Images | null = null;
let isClosing = false;
let tell: (endpoints: readonly Endpoint[] | null) => void = () => {};
/** Where to listen, if it was not known when this worker was started; null = nowhere any more. */
const told = new Promise<readonly Endpoint[] | null>((resolve) => {
  tell = resolve;
});

function install(images: Images): void {
  const zones = images.zones.map((buffer) => new ZoneImage(buffer));
  transferDesk.install(zones, images.transfer);
  const steering = new SteeringImage(images.steering);
  responder.install({
    zones,
    usesEcs: images.usesEcs,
    geo: new GeoImage(images.geo),
    steering,
    asked: askedRow(images.asked, start.row, steering.slotCount),
    given: askedRow(images.given, start.row, steering.memberCount),
  });
  responder.useCookieSecrets(images.cookieSecrets);
  responder.useTap(tapOf(images));
  const before = current;
  current = images;
  if (before === null) void listenOnAll();
  else droppedMemory.drop(buffersOf(before), sizeOf(buffersOf(images)));
}

function steer(images: Images, steering: SharedArrayBuffer): void {
  responder.steer(new SteeringImage(steering));
  const before = images.steering;
  current = { ...images, steering };
  droppedMemory.drop([before], sizeOf(buffersOf(current)));
}

function tapOf({ tap }: Images): Tap | null {
  if (tap === null) return null;
  const { rings, oneIn, perSecond } = tap;
  return new Tap({ ring: rings[start.row]!, oneIn, perSecond });
}

const openUdp = (endpoint: Endpoint, fd?: number): Promise<Result<Listener, Problem>> =>
  listenUdp({
    endpoint,
    respond: responder.respond,
    maxReplySize: udpPayloadSize,
    busyPollUs: udpBusyPollUs,
    sendsTrains: udpTrains,
    clock: systemClock,
    sharing: start.sharing,
    counters,
    ...(fd === undefined ? {} : { fd }),
  });

const openTcp = (endpoint: Endpoint, fd?: number): Promise<Result<Listener, Problem>> =>
  TcpListener.listen({
    endpoint,
    respond: responder.respond,
    limits: { ...limits, ...start.tcpRoom },
    clock: systemClock,
    sharing: start.sharing,
    counters,
    ...(fd === undefined ? {} : { fd }),
  });

/** A listener on each inherited socket, or one on a socket of its own. */
async function openAll(
  open: typeof openUdp,
  endpoint: Endpoint,
  inherited: readonly number[],
): Promise<Result<Listener[], Problem>> {
  const all: Listener[] = [];
  for (const fd of inherited.length > 0 ? inherited : [undefined]) {
    const opened = await open(endpoint, fd);
    if (!opened.ok) {
      await closeAll(all);
      return opened;
    }
    all.push(opened.value);
  }
  return ok(all);
}

async function listen(endpoint: Endpoint, inherited: InheritedSockets): Promise<Result<Listener[], Problem>> {
  for (let tries = 1; ; tries++) {
    // TCP first: of ports that may be shared, Linux takes one for UDP that another server of this user has, but not for TCP.
    const tcp = await openAll(openTcp, endpoint, inherited.tcp);
    if (!tcp.ok) return tcp;
    const udp = await openAll(openUdp, { address: endpoint.address, port: tcp.value[0]!.port }, inherited.udp);
    if (udp.ok) return ok([...tcp.value, ...udp.value]);
    await closeAll(tcp.value);
    if (endpoint.port !== 0 || tries === PORT_TRIES) return udp;
  }
}

async function listenOnAll(): Promise<void> {
  const wanted = start.endpoints ?? (await told);
  if (wanted === null) return;
  const endpoints: Endpoint[] = [];
  for (const [i, endpoint] of wanted.entries()) {
    const opened = await listen(endpoint, start.inherited[i]!);
    if (opened.ok) listeners.push(...opened.value);
    else send({ kind: 'failed', problem: opened.error });
    if (!opened.ok || isClosing) return close();
    endpoints.push({ address: endpoint.address, port: opened.value[0]!.port });
  }
  send({ kind: 'listening', endpoints });
}

async function retire(idleMs: number, drainMs: number): Promise<void> {
  isClosing = true;
  tell(null);
  await Promise.all(listeners.splice(0).map((listener) => listener.retire?.(idleMs, drainMs) ?? listener.close()));
  parentPort!.close();
}

async function close(): Promise<void> {
  isClosing = true; // for a start that is still under way
  tell(null);
  await closeAll(listeners.splice(0));
  parentPort!.close();
}

async function closeAll(all: readonly Listener[]): Promise<void> {
  await Promise.all(all.map((listener) => listener.close()));
}

parentPort!.on('message', (message: ToWorker) => {
  if (message.kind === 'listen') tell(message.endpoints);
  else if (message.kind === 'install') {
    install(message.images);
    send({ kind: 'installed', generation: message.images.generation });
  } else if (message.kind === 'steer') {
    steer(current!, message.steering);
    send({ kind: 'installed', generation: message.generation });
  } else if (message.kind === 'ping') send({ kind: 'pong', number: message.number });
  else if (message.kind === 'retire') void retire(message.idleMs, message.drainMs);
  else void close();
});
