import { createServer } from 'node:http';
import test from 'ava';
import { systemClock } from '../../../src/base/clock.ts';
import { type Checker, type CheckResult, OUTCOME, type Target } from '../../../src/model/probe.ts';
import { TargetChecker } from '../../../src/probe/checker.ts';
import { Prober, type ProberOptions } from '../../../src/probe/prober.ts';
import { Resolver } from '../../../src/probe/resolver.ts';
import { HTTP, listen, loopbackRules, targetOf } from '../../support/probing.ts';

const realChecker = new TargetChecker(loopbackRules, new Resolver(systemClock), systemClock);

function options(onResult: ProberOptions['onResult'], checker: Checker = realChecker): ProberOptions {
  const limits = { concurrency: 100, perSecond: 0, perHostPerSecond: 0 };
  const nextDelayMs = (target: Target): number => target.probe.cadence.intervalMs;
  return { id: 'a', checker, clock: systemClock, random: () => 0.5, limits, nextDelayMs, onResult };
}

const FAST = { intervalMs: 20 };

test('every target is checked again and again, and each result handed on', async (t) => {
  const { port } = await listen(
    t,
    createServer(({ url }, response) => response.writeHead(url === '/bad' ? 500 : 200).end()),
  );
  const targets = ['/good', '/bad'].map((path, index) => targetOf({ ...HTTP, path }, port, { key: `${path}#4`, index }, FAST));
  const seen = new Map<string, CheckResult[]>(targets.map(({ key }) => [key, []]));
  await new Promise<void>((resolve) => {
    const prober = new Prober(
      options((target, result, atMs) => {
        t.true(atMs > 1_600_000_000_000);
        seen.get(target.key)!.push(result);
        if ([...seen.values()].every((results) => results.length >= 5)) void prober.stop().then(resolve);
      }),
    );
    prober.setTargets(targets);
  });
  t.true(seen.get('/good#4')!.every(({ outcome }) => outcome === OUTCOME.OK));
  t.true(seen.get('/bad#4')!.every(({ outcome }) => outcome === OUTCOME.BAD_STATUS));
});

test('a target is never checked twice at once, and another does not wait for it', async (t) => {
  const running = new Map<string, number>();
  let quick = 0;
  await new Promise<void>((resolve) => {
    const checker: Checker = {
      check: async (target, signal) => {
        running.set(target.key, (running.get(target.key) ?? 0) + 1);
        t.is(running.get(target.key), 1);
        if (target.key === 'slow#4') await new Promise<void>((ended) => signal.addEventListener('abort', () => ended()));
        running.set(target.key, 0);
        return { outcome: OUTCOME.OK, latencyUs: 1, detail: '' };
      },
    };
    const prober = new Prober(
      options(() => {
        if (++quick === 20) void prober.stop().then(resolve);
      }, checker),
    );
    prober.setTargets(['slow#4', 'quick#4'].map((key, index) => targetOf({ kind: 'tcp' }, 1, { key, index }, FAST)));
  });
  t.true(quick >= 20);
});

test('what is under way for a target that goes is given up, without a result', async (t) => {
  const results: string[] = [];
  let prober: Prober | undefined;
  await new Promise<void>((resolve) => {
    const checker: Checker = {
      check: (_, signal) =>
        new Promise((done) => {
          signal.addEventListener('abort', () => {
            done({ outcome: OUTCOME.NOT_CHECKED, latencyUs: 1, detail: '' });
            resolve();
          });
          prober!.setTargets([]);
        }),
    };
    prober = new Prober(options(({ key }) => results.push(key), checker));
    prober.setTargets([targetOf({ kind: 'tcp' }, 1, {}, FAST)]);
  });
  await prober!.stop();
  t.deepEqual(results, []);
});

test('the result decides when to look again', async (t) => {
  const asked: number[] = [];
  await new Promise<void>((resolve) => {
    const checker: Checker = { check: async () => ({ outcome: OUTCOME.REFUSED, latencyUs: 1, detail: '' }) };
    const prober = new Prober({
      ...options(() => {}, checker),
      nextDelayMs: (_, { outcome }) => {
        asked.push(outcome);
        if (asked.length === 3) void prober.stop().then(resolve);
        return 1;
      },
    });
    prober.setTargets([targetOf({ kind: 'tcp' }, 1, {}, FAST)]);
  });
  t.deepEqual(asked, [OUTCOME.REFUSED, OUTCOME.REFUSED, OUTCOME.REFUSED]);
});
