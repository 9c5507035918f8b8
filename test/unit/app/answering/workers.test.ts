// The supervisor with real worker threads: a worker that dies is replaced and answers from the latest images on the same port.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import { imagesOf } from '../../../../src/app/answering/image-feed.ts';
import type { ListeningPlan } from '../../../../src/app/answering/listening-plan.ts';
import type { Images } from '../../../../src/app/answering/messages.ts';
import { Workers, type WorkersOptions } from '../../../../src/app/answering/workers.ts';
import { load } from '../../../../src/app/loading/load.ts';
import type { Logger } from '../../../../src/base/logger.ts';
import { ask } from '../../../../src/client/dns-client.ts';
import { countersSize } from '../../../../src/metrics/counters.ts';
import { encodeQuery } from '../../../../src/wire/message.ts';
import { nameFromText } from '../../../../src/wire/name.ts';
import { TYPE } from '../../../../src/wire/rrtype.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { ROOT } from '../../../support/paths.ts';
import { PATIENCE_MS } from '../../../support/patience.ts';
import { reservePortFor } from '../../../support/reserved-port.ts';

const QUERY = encodeQuery({
  id: 1,
  name: nameFromText('mail.example.test.') as Uint8Array,
  type: TYPE.A,
  flags: { rd: false, ad: false, cd: false },
});

const { loaded } = load(`${ROOT}zones/meridian.yaml`);
const images = (generation: number): Images => imagesOf(loaded!, generation);
/** An image that is none: a bug that no worker survives. */
const brokenImages = (generation: number): Images => ({ ...images(generation), zones: [new SharedArrayBuffer(64)] });

const PLAN: ListeningPlan = {
  workers: 1,
  tcpRoom: { maxConnections: 16, maxArrivals: 16 },
  inherited: [{ udp: [], tcp: [] }],
  isInheritanceKept: true,
  warnings: [],
};

/** A log that lets a test wait for a line, and act before anything else happens. */
class Lines implements Logger {
  readonly facts: Record<string, unknown>[] = [];
  readonly #awaited = new Map<string, (facts: Record<string, unknown>) => void>();
  readonly debug = (): void => {};
  readonly info = (facts: Record<string, unknown>, message: string): void => this.#note(facts, message);
  readonly warn = this.info;
  readonly error = this.info;

  next(message: string): Promise<Record<string, unknown>> {
    return new Promise((resolve) => this.#awaited.set(message, resolve));
  }

  #note(facts: Record<string, unknown>, message: string): void {
    this.facts.push(facts);
    this.#awaited.get(message)?.(facts);
  }
}

async function start(t: ExecutionContext, options: Partial<WorkersOptions> = {}) {
  const settings = { ...loaded!.snapshot.server, listen: [{ address: '127.0.0.1', port: 0 }] };
  const log = new Lines();
  const counters = new SharedArrayBuffer(countersSize(options.plan?.workers ?? 1));
  const workers = new Workers({ settings, plan: PLAN, counters, images: images(1), log, ...options });
  t.teardown(() => workers.close());
  t.is(await workers.start(), undefined);
  const { port } = workers.endpoints[0]!;
  const isAnswering = async (): Promise<boolean> =>
    (await ask({ server: '127.0.0.1', port, query: QUERY, transport: 'udp', timeoutMs: PATIENCE_MS })).ok;
  return { workers, log, port, isAnswering };
}

test('a worker that dies is replaced on the same port, with the latest images', async (t) => {
  const { workers, log, port, isAnswering } = await start(t);
  t.not(port, 0);
  t.true(await isAnswering());
  const died = log.next('a DNS worker died; starting another');
  const back = log.next('the DNS worker is back');
  void workers.install(brokenImages(2));
  await workers.install(images(3));
  const { alive, wanted, code, reason } = await died;
  t.deepEqual([alive, wanted, code], [0, 1, 'ERR_WORKER']);
  t.regex(String(reason), /Error/, 'a bug is told with its place');
  await back;
  t.is(workers.alive, 1);
  t.true(await isAnswering());
});

test('a worker whose port is taken meanwhile tries again until it is free, and says why', async (t) => {
  const clock = new ManualClock();
  const listen = [{ address: '127.0.0.1', port: await reservePortFor(t) }];
  const { workers, log, port, isAnswering } = await start(t, { clock, settings: { ...loaded!.snapshot.server, listen } });
  const died = log.next('a DNS worker died; starting another');
  const failed = log.next('a DNS worker cannot start; trying again');
  const back = log.next('the DNS worker is back');
  void workers.install(brokenImages(2));
  await died;
  const foreign = createSocket('udp4').bind(port, '127.0.0.1');
  await once(foreign, 'listening');
  await workers.install(images(3)); // nobody waits for a worker that is not there
  clock.advance(60_000);
  const { code, reason, alive } = await failed;
  t.is(code, 'ERR_LISTEN');
  t.is(alive, 0);
  t.regex(String(reason), new RegExp(`^udp 127\\.0\\.0\\.1:${port} cannot be used: `));
  foreign.close();
  await back;
  t.true(await isAnswering());
});

test('workers show that they live, and end when another process has their sockets', async (t) => {
  const { workers, isAnswering } = await start(t);
  await workers.pulse();
  t.true(await isAnswering());
  await workers.retire();
  t.is(workers.alive, 0);
  await workers.pulse(); // nobody is waited for who has been let go
});

test('an end while a worker starts is no failure, and leaves nothing behind', async (t) => {
  const settings = { ...loaded!.snapshot.server, listen: [{ address: '127.0.0.1', port: 0 }] };
  const counters = new SharedArrayBuffer(countersSize(1));
  const workers = new Workers({ settings, plan: PLAN, counters, images: images(1), log: new Lines() });
  const started = workers.start();
  await workers.close();
  t.is(await started, undefined);
  t.is(workers.alive, 0);
});

test('where a worker takes the inherited sockets with it, nothing can go on', async (t) => {
  const { workers, log } = await start(t, { plan: { ...PLAN, isInheritanceKept: false } });
  const died = log.next('a DNS worker died');
  void workers.install(brokenImages(2));
  const problem = await workers.lost;
  t.is(problem.code, 'ERR_WORKER');
  t.regex(problem.message, /the inherited sockets went with it/);
  await died;
});
