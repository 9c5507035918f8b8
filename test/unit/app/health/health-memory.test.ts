// What is written down, and how often; the mesh is one in memory that keeps its files in the state directory.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { HealthMemory } from '../../../../src/app/health/health-memory.ts';
import { openMemoryMesh } from '../../../../src/mesh/open.ts';
import type { MeshStatus } from '../../../../src/model/mesh.ts';
import type { Verdict } from '../../../../src/model/verdict.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { ManualTimers } from '../../../support/manual-timers.ts';
import { peer, recordingLogger, verdict } from '../../../support/mesh.ts';

function stage(t: ExecutionContext) {
  const stateDirectory = mkdtempSync(join(tmpdir(), 'meridian-memory-'));
  t.teardown(() => rmSync(stateDirectory, { recursive: true, force: true }));
  const clock = new ManualClock();
  const timers = new ManualTimers(t);
  const log = recordingLogger();
  const open = (kind: MeshStatus['kind'] = 'memory') => {
    const mesh = openMemoryMesh({ self: peer('a'), clock, logger: log, stateDirectory });
    const saved: (readonly Verdict[])[] = [];
    const watched = {
      status: { ...mesh.status, kind },
      nowMs: () => mesh.nowMs(),
      loadVerdicts: () => mesh.loadVerdicts(),
      saveVerdicts: (verdicts: readonly Verdict[]) => {
        saved.push(verdicts);
        return mesh.saveVerdicts(verdicts);
      },
    };
    return { memory: new HealthMemory({ mesh: watched, clock, log, stateDirectory }), saved };
  };
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    timers.advance(ms);
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  return { open, pass, log, stateDirectory };
}

const down = (sinceMs: number, why = 'refused'): Verdict => verdict('x#4', { state: 'down', isUp: false, sinceMs, why });

test.serial('verdicts and pools that are down are there again', async (t) => {
  const { open } = stage(t);
  const { memory } = open();
  t.deepEqual(await memory.load(), { verdicts: [], poolsDown: [] });
  memory.note({ verdicts: [down(7)], poolsDown: ['web#4'] });
  await memory.close();
  t.deepEqual(await open().memory.load(), { verdicts: [down(7)], poolsDown: ['web#4'] });
});

test.serial('the first change is written at once, further ones together after a second', async (t) => {
  const { open, pass } = stage(t);
  const { memory, saved } = open();
  await memory.load();
  memory.note({ verdicts: [down(1)], poolsDown: [] });
  await pass(0);
  for (let i = 2; i < 9; i++) {
    memory.note({ verdicts: [down(i)], poolsDown: [] });
    await pass(100);
  }
  t.is(saved.length, 1);
  await pass(300);
  t.deepEqual(saved.at(-1), [down(8)]);
  t.is(saved.length, 2);
  await memory.close();
});

test.serial('other words for the same are not worth a write', async (t) => {
  const { open, pass } = stage(t);
  const { memory, saved } = open();
  await memory.load();
  memory.note({ verdicts: [down(1)], poolsDown: [] });
  await pass(0);
  memory.note({ verdicts: [down(1, 'timeout')], poolsDown: [] });
  await pass(100_000);
  t.is(saved.length, 1);
  await memory.close();
});

test.serial('an engine that others share is told again each minute: it may have lost what it had', async (t) => {
  const { open, pass } = stage(t);
  const { memory, saved } = open('redis');
  await memory.load();
  for (let second = 0; second < 125; second++) {
    memory.note({ verdicts: [down(1)], poolsDown: [] });
    await pass(1000);
  }
  t.is(saved.length, 3);
  await memory.close();
});

test.serial('the file of pools is written only when they change', async (t) => {
  const { open, stateDirectory } = stage(t);
  const { memory } = open();
  await memory.load();
  memory.note({ verdicts: [down(1)], poolsDown: [] });
  await memory.close();
  t.false(readdirSync(stateDirectory).some((file) => file.startsWith('pools-down')));
});

test.serial(
  'while another process is about to be the writer nothing is written, and what was noted meanwhile is not forgotten',
  async (t) => {
    const { open, pass } = stage(t);
    const { memory, saved } = open();
    await memory.load();
    memory.note({ verdicts: [down(1)], poolsDown: [] });
    await memory.rest();
    t.deepEqual(saved, [[down(1)]], 'what was known');
    memory.note({ verdicts: [down(2)], poolsDown: [] });
    await pass(10_000);
    t.is(saved.length, 1);
    memory.wake();
    await pass(10_000);
    t.deepEqual(saved[1], [down(2)]);
    memory.note({ verdicts: [down(3)], poolsDown: [] });
    await memory.rest();
    memory.note({ verdicts: [down(4)], poolsDown: [] });
    await memory.close();
    t.is(saved.length, 3, 'the other process has the last word');
  },
);
