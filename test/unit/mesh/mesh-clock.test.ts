import test from 'ava';
import { MeshClock } from '../../../src/mesh/mesh-clock.ts';
import { ManualClock } from '../../support/manual-clock.ts';

/** A manual clock whose wall clock can be set. */
class SteppedClock extends ManualClock {
  stepMs = 0;
  override wallMs(): number {
    return super.wallMs() + this.stepMs;
  }
}

function exchange(mesh: MeshClock, clock: SteppedClock, engineAtMiddleMs: number, roundTripMs: number): void {
  const sentMs = clock.monotonicMs();
  clock.advance(roundTripMs);
  mesh.sample(sentMs, clock.monotonicMs(), engineAtMiddleMs);
}

test('until the engine has answered it is the local clock, whatever is set meanwhile', (t) => {
  const clock = new SteppedClock();
  const mesh = new MeshClock(clock);
  const startMs = mesh.nowMs();
  t.is(startMs, clock.wallMs());
  clock.stepMs = 3_600_000;
  clock.advance(10);
  t.is(mesh.nowMs(), startMs + 10);
});

test('half the round trip is added to what the engine said', (t) => {
  const clock = new SteppedClock();
  const mesh = new MeshClock(clock);
  exchange(mesh, clock, 5_000_000_000_000, 40);
  t.is(mesh.nowMs(), 5_000_000_000_020);
  clock.stepMs = -7_200_000;
  clock.advance(1000);
  t.is(mesh.nowMs(), 5_000_000_001_020);
});

test('the shortest of the last round trips counts', (t) => {
  const clock = new SteppedClock();
  const mesh = new MeshClock(clock);
  exchange(mesh, clock, 1_000_000, 2);
  const rightMs = mesh.nowMs();
  clock.advance(1000);
  exchange(mesh, clock, rightMs + 1000 + 90, 100); // held up on the way there only
  t.is(mesh.nowMs(), rightMs + 1100);
  for (let i = 0; i < 8; i++) exchange(mesh, clock, rightMs + 1100 + 90 + i * 100, 100);
  t.is(mesh.nowMs(), rightMs + 1900 + 40);
});

test("a step of the engine's clock is followed", (t) => {
  const clock = new SteppedClock();
  const mesh = new MeshClock(clock);
  exchange(mesh, clock, 10_000_000, 2);
  exchange(mesh, clock, 20_000_000, 2);
  t.is(mesh.nowMs(), 20_000_001);
  exchange(mesh, clock, 10_000_000, 2);
  t.is(mesh.nowMs(), 10_000_001);
});

test('the time stands still rather than go back a little', (t) => {
  const clock = new SteppedClock();
  const mesh = new MeshClock(clock);
  exchange(mesh, clock, 10_000_500, 2);
  t.is(mesh.nowMs(), 10_000_501);
  exchange(mesh, clock, 10_000_000, 2);
  t.is(mesh.nowMs(), 10_000_501);
  clock.advance(600);
  t.is(mesh.nowMs(), 10_000_601);
});
