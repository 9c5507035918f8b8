// One change of health in two processes, as traces, log lines and events tell it: a real desk and a real feed of images, with the
// exporter of the OpenTelemetry SDK in memory.

import { trace } from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import test, { type ExecutionContext } from 'ava';
import { ImageFeed } from '../../../../src/app/answering/image-feed.ts';
import { ChangeTrail, changeIdOf } from '../../../../src/app/health/change-trail.ts';
import { HealthDesk } from '../../../../src/app/health/health-desk.ts';
import { load } from '../../../../src/app/loading/load.ts';
import { Counters, countersSize } from '../../../../src/metrics/counters.ts';
import { DEFAULT_HEALTH } from '../../../../src/model/health.ts';
import { OUTCOME } from '../../../../src/model/probe.ts';
import type { Step } from '../../../../src/model/trace.ts';
import type { Vote } from '../../../../src/model/verdict.ts';
import { openTelemetry } from '../../../../src/watch/open-telemetry.ts';
import { HealthStage } from '../../../support/health-stage.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { ManualTimers } from '../../../support/manual-timers.ts';
import { ROOT } from '../../../support/paths.ts';

const loaded = load(`${ROOT}zones/meridian.yaml`).loaded!;
const { steering, targets } = loaded.snapshot;
const TARGET = targets[0]!.key;

/** A desk whose conclusions become images, on a clock that the test moves. */
async function stage(t: ExecutionContext) {
  const clock = new ManualClock();
  const timers = new ManualTimers(t);
  const counters = new Counters(new SharedArrayBuffer(countersSize(1))).row(0);
  const trail = new ChangeTrail(() => clock.wallMs());
  const lines: (readonly [message: string, facts: Record<string, unknown>])[] = [];
  const note = (facts: Record<string, unknown>, message: string): void => void lines.push([message, facts]);
  const log = { debug: note, info: note, warn: note, error: note };
  let feed: ImageFeed | null = null;
  const desk = new HealthDesk({
    ...{ id: 'ns1', mesh: { nowMs: () => clock.wallMs() }, clock, log, counters, trail },
    onFacts: (facts) => feed?.follow(facts),
  });
  t.teardown(() => desk.close());
  desk.takePeers([{ id: 'probe1', region: 'eu', roles: ['probe'], weight: 1, epoch: 7, isWithdrawn: false }]);
  const facts = desk.begin({ steering, targets, health: DEFAULT_HEALTH }, { verdicts: [], poolsDown: [] });
  feed = new ImageFeed({ clock, log, counters, trail }, loaded, facts);
  feed.feed({ install: () => Promise.resolve(), steer: () => Promise.resolve() });
  /** In steps of 20 ms: what is due makes other things due. */
  const pass = async (ms: number): Promise<void> => {
    for (let passedMs = 0; passedMs < ms; passedMs += 20) {
      clock.advance(20);
      timers.advance(20);
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const vote = (isUp: boolean, seq: number): Vote => ({
    ...{ target: TARGET, prober: 'probe1', region: 'eu', epoch: 7, seq, isUp, sinceMs: clock.wallMs(), atMs: clock.wallMs() },
    ...{ expiresMs: clock.wallMs() + 60_000, outcome: isUp ? OUTCOME.OK : OUTCOME.REFUSED, latencyUs: 500 },
    ...{ detail: isUp ? 'fine' : 'connection refused', against: 0, needed: 3 },
  });
  await pass(1000);
  return { clock, trail, desk, feed, lines, pass, vote };
}

test.serial('probe, verdict, plan and publication are one trace, although the probe is in another process', async (t) => {
  const { clock, trail, desk, pass, vote, lines } = await stage(t);
  const exporter = new InMemorySpanExporter();
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  t.teardown(() => trace.disable());
  const [here, there] = [await openTelemetry('ns1', '1.0.0'), await openTelemetry('probe1', '1.0.0')];
  if (!here.ok || !there.ok) return t.fail('the API is installed');
  trail.follow((step) => here.value.trace(step));
  const proberTrail = new ChangeTrail(() => clock.wallMs());
  proberTrail.follow((step) => there.value.trace(step));

  const seen = vote(false, 1);
  proberTrail.probed(seen, 0.5);
  await pass(20);
  desk.takeVotes([seen]);
  await pass(300);

  const spans = exporter.getFinishedSpans();
  t.deepEqual(
    spans.map(({ name }) => name),
    ['meridian.probe', 'meridian.verdict', 'meridian.plan', 'meridian.publication'],
  );
  const change = changeIdOf(seen);
  t.deepEqual([...new Set(spans.map((span) => span.spanContext().traceId))], [change]);
  const [probe, verdict, plan, publication] = spans;
  t.is(plan!.parentSpanContext!.spanId, verdict!.spanContext().spanId);
  t.is(publication!.parentSpanContext!.spanId, plan!.spanContext().spanId);
  t.is(verdict!.parentSpanContext!.spanId, probe!.parentSpanContext!.spanId, 'what both processes know');
  t.like(verdict!.attributes, { 'meridian.target': TARGET, 'meridian.isUp': false, 'meridian.server': 'ns1' });
  t.is(probe!.attributes['meridian.detail'], 'connection refused');

  const told = lines.filter(
    ([, facts]) => facts['change'] === change || (facts['changes'] as string[] | undefined)?.includes(change),
  );
  t.deepEqual(
    told.map(([message]) => message),
    ['a member went down', 'all workers answer from the latest health'],
  );
  const { isUp, answeredMs, atMs } = trail.of(TARGET)!;
  t.false(isUp);
  t.true(answeredMs! >= atMs);
});

test.serial('a verdict that makes no difference to answers is no part of a later plan', async (t) => {
  const { trail, desk, pass, vote } = await stage(t);
  const { site, pool } = steering.members[targets[0]!.member]!;
  const glob = `${steering.pools[pool]!.id}/${steering.sites[site]!.id}`;
  const order = {
    id: 'a',
    glob,
    action: 'up',
    source: 'human',
    reason: '',
    author: 'ann',
    createdMs: 1,
    expiresMs: null,
  } as const;
  desk.takeOverrides({ version: 1, overrides: [order] });
  await pass(300);
  const steps: Step[] = [];
  trail.follow((step) => steps.push(step));
  desk.takeVotes([vote(false, 1)]);
  await pass(300);
  desk.takeOverrides({ version: 2, overrides: [{ ...order, glob: 'web/*', action: 'down' }] });
  await pass(300);
  t.deepEqual(
    steps.map(({ name }) => name),
    ['verdict'],
  );
  t.is(trail.of(TARGET)!.answeredMs, null);
});

test.serial('a process that probes and judges gives both steps the same id', async (t) => {
  const health = new HealthStage(t);
  const { plane } = await health.plane();
  await health.passUntil(() => plane.facts.seen.every((verdict, cell) => cell % 2 === 1 || verdict?.state === 'up'), 7000);
  const steps: Step[] = [];
  plane.trail.follow((step) => steps.push(step));
  health.world.break('web/london#4');
  await health.passUntil(() => steps.some(({ name }) => name === 'verdict'), 8500);
  const [probe, verdict] = steps;
  t.like(probe, { name: 'probe', facts: { target: 'web/london#4', isUp: false } });
  t.like(verdict, { name: 'verdict', change: probe!.change });
  t.regex(probe!.change, /^[0-9a-f]{32}$/);
});

test('without the package there is one line that says what is missing, and what to do', async (t) => {
  const missing = Object.assign(new Error("Cannot find package '@opentelemetry/api'"), { code: 'ERR_MODULE_NOT_FOUND' });
  const opened = await openTelemetry('ns1', '1.0.0', () => Promise.reject(missing));
  t.deepEqual(opened, {
    ok: false,
    error: {
      severity: 'error',
      code: 'ERR_TRACES',
      message:
        'traces.openTelemetry needs the package @opentelemetry/api: it is not installed; npm install @opentelemetry/api beside Meridian. Nothing is traced, everything else goes on',
    },
  });
});
