import test from 'ava';
import { type Opinion, Sightings } from '../../../../src/app/health/sightings.ts';
import { type CheckResult, OUTCOME, type Target } from '../../../../src/model/probe.ts';
import type { Verdict } from '../../../../src/model/verdict.ts';
import { verdict } from '../../../support/mesh.ts';
import { modelOf } from '../../../support/steering.ts';
import { targetsOf } from '../../../support/votes.ts';

const model = modelOf(
  {
    web: [
      { site: 'london', has: 'v4' },
      { site: 'tokyo', has: 'v4' },
    ],
  },
  {},
);
const [LONDON, TOKYO] = targetsOf(model, () => [4]) as [Target, Target];
const { intervalMs, transitionIntervalMs, timeoutMs } = LONDON.probe.cadence;

const FINE: CheckResult = { outcome: OUTCOME.OK, latencyUs: 800, detail: 'status 200' };
const REFUSED: CheckResult = { outcome: OUTCOME.REFUSED, latencyUs: 100, detail: 'connection refused' };
const NOT_CHECKED: CheckResult = { outcome: OUTCOME.NOT_CHECKED, latencyUs: 0, detail: 'too many open files' };

class Stage {
  readonly sightings = new Sightings();
  nowMs = 1_000_000;

  set(targets: readonly Target[], verdicts: readonly Verdict[] = []): this {
    this.sightings.setTargets(targets, true, (key) => verdicts.find((one) => one.target === key), this.nowMs);
    return this;
  }

  /** Results, one a second; what the last one came to. */
  see(...results: readonly CheckResult[]): { opinion: Opinion; isTurned: boolean } | undefined {
    let last: ReturnType<Sightings['take']>;
    for (const result of results) {
      this.nowMs += 1000;
      last = this.sightings.take(LONDON.key, result, { nowMs: this.nowMs, atSec: this.nowMs / 1000 });
    }
    return last;
  }
}

test('a first success is an opinion, first failures are none until there are enough', (t) => {
  const stage = new Stage().set([LONDON]);
  t.deepEqual(stage.see(FINE)?.opinion, {
    target: LONDON.key,
    isUp: true,
    sinceMs: stage.nowMs,
    atMs: stage.nowMs,
    expiresMs: stage.nowMs + 3 * intervalMs + timeoutMs,
    outcome: OUTCOME.OK,
    detail: 'status 200',
    latencyUs: 800,
    against: 0,
    needed: 3,
  });
  const other = new Stage().set([LONDON]);
  t.is(other.see(REFUSED, REFUSED), undefined);
  t.like(other.see(REFUSED), { isTurned: true, opinion: { isUp: false, detail: 'connection refused', needed: 2 } });
  t.deepEqual(
    other.sightings.all.map(({ wasUp }) => wasUp),
    [false],
    'it was never seen up',
  );
});

test('an opinion keeps its date while results speak against it, and gets a new one when it turns', (t) => {
  const stage = new Stage().set([LONDON]);
  const sinceMs = stage.see(FINE)!.opinion.sinceMs;
  t.like(stage.see(REFUSED, REFUSED), { isTurned: false, opinion: { isUp: true, sinceMs, against: 2, needed: 3 } });
  t.is(stage.sightings.delayMs(LONDON), transitionIntervalMs);
  const down = stage.see(REFUSED)!;
  t.like(down, { isTurned: true, opinion: { isUp: false, sinceMs: stage.nowMs, against: 0 } });
  t.is(stage.sightings.delayMs(LONDON), intervalMs);
  t.true(stage.sightings.all[0]!.wasUp);
});

test('a target on its way up still shows the failure that it is down for', (t) => {
  const stage = new Stage().set([LONDON]);
  stage.see(FINE, REFUSED, REFUSED, REFUSED);
  t.like(stage.see(FINE)?.opinion, { isUp: false, against: 1, outcome: OUTCOME.REFUSED, detail: 'connection refused' });
  t.like(stage.see(FINE)?.opinion, { isUp: true, outcome: OUTCOME.OK, detail: 'status 200' });
});

test('a target that the flap guard holds down shows its successes', (t) => {
  const stage = new Stage().set([LONDON]);
  stage.see(FINE);
  for (let outage = 0; outage < 4; outage++) stage.see(REFUSED, REFUSED, REFUSED, FINE, FINE);
  t.like(stage.see(FINE)?.opinion, { isUp: false, outcome: OUTCOME.OK });
});

test('a vote that the flap guard holds tells so, and dates from when it was held', (t) => {
  const stage = new Stage().set([LONDON]);
  stage.see(FINE);
  for (let outage = 0; outage < 3; outage++) stage.see(REFUSED, REFUSED, REFUSED, FINE, FINE);
  const { nowMs } = stage;
  t.like(stage.see(FINE)?.opinion, { isUp: false, against: LONDON.probe.cadence.rise + 1, sinceMs: nowMs });
  t.like(stage.see(REFUSED)?.opinion, { isUp: false, against: LONDON.probe.cadence.rise, outcome: OUTCOME.REFUSED });
  t.like(stage.see(REFUSED, REFUSED), { isTurned: true, opinion: { isUp: false, against: 0, sinceMs: stage.nowMs } });
});

test('a held target that goes down is one that this prober lost from sight', (t) => {
  const stage = new Stage().set([LONDON]);
  stage.see(FINE);
  for (let outage = 0; outage < 3; outage++) stage.see(REFUSED, REFUSED, REFUSED, FINE, FINE);
  t.is(stage.sightings.mostLostPercent, 0);
  stage.see(REFUSED, REFUSED, REFUSED);
  t.is(stage.sightings.mostLostPercent, 100);
});

test('a held target that is checked in another way starts from what was concluded', (t) => {
  for (const isUp of [true, false]) {
    const stage = new Stage().set([LONDON]);
    stage.see(FINE);
    for (let outage = 0; outage < 3; outage++) stage.see(REFUSED, REFUSED, REFUSED, FINE, FINE);
    stage.set([{ ...LONDON, port: 8080 }], [verdict(LONDON.key, { state: isUp ? 'up' : 'down', isUp })]);
    t.is(stage.see(FINE)?.opinion.isUp, isUp);
  }
});

test('what the prober could not check says nothing and renews nothing', (t) => {
  const stage = new Stage().set([LONDON]);
  const { expiresMs } = stage.see(FINE)!.opinion;
  t.is(stage.see(NOT_CHECKED), undefined);
  t.deepEqual(
    stage.sightings.opinions(expiresMs - 1).map((opinion) => opinion.expiresMs),
    [expiresMs],
  );
  t.deepEqual(stage.sightings.opinions(expiresMs), []);
});

test('a result of a target that is not ours any more is dropped', (t) => {
  const stage = new Stage().set([TOKYO]);
  t.is(stage.see(FINE), undefined);
  t.is(stage.sightings.delayMs(LONDON), intervalMs);
});

test('a target that is new here starts from what was concluded, and votes with its first result', (t) => {
  const stage = new Stage().set([LONDON], [verdict(LONDON.key, { state: 'down', isUp: false, sinceMs: 900_000 })]);
  t.deepEqual(stage.sightings.opinions(stage.nowMs), []);
  t.like(stage.see(REFUSED), { isTurned: false, opinion: { isUp: false, sinceMs: 900_000 } });
  t.like(stage.see(FINE, FINE), { isTurned: true, opinion: { isUp: true } });
});

test('a verdict that only means that nothing was known is no beginning', (t) => {
  const stage = new Stage().set([LONDON], [verdict(LONDON.key, { state: 'unknown', sinceMs: 0 })]);
  t.deepEqual(stage.sightings.all, []);
  t.is(stage.sightings.delayMs(LONDON), transitionIntervalMs);
});

test('other targets around it change nothing about one that stays', (t) => {
  const stage = new Stage().set([LONDON]);
  stage.see(FINE, REFUSED, REFUSED);
  stage.set([TOKYO, LONDON]);
  t.like(stage.see(REFUSED), { isTurned: true, opinion: { isUp: false } });
});

test('a target that is checked in another way keeps its state but not its streak', (t) => {
  const stage = new Stage().set([LONDON]);
  stage.see(FINE, REFUSED, REFUSED);
  stage.set([{ ...LONDON, port: 8080 }]);
  t.deepEqual(stage.sightings.opinions(stage.nowMs), [], 'what was seen there is not what is seen here');
  t.like(stage.see(REFUSED), { isTurned: false, opinion: { isUp: true, against: 1 } });
});

test('a target that is checked more often goes on as it was', (t) => {
  const stage = new Stage().set([LONDON]);
  stage.see(FINE, REFUSED, REFUSED);
  const cadence = { ...LONDON.probe.cadence, intervalMs: 2000 };
  stage.set([{ ...LONDON, probe: { ...LONDON.probe, cadence } }]);
  t.like(stage.see(REFUSED), { isTurned: true });
});
