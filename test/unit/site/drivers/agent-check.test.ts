// What we tell other balancers about our load, and read of theirs.

import test from 'ava';
import fc from 'fast-check';
import {
  agentLine,
  formatLoadAnswer,
  parseAgentLine,
  parseLoadAnswer,
  weightPercentOf,
} from '../../../../src/site/drivers/agent-check.ts';

const NOTHING = { weightPercent: null, maxConnections: null };

test('an answer is one line of words', (t) => {
  t.is(agentLine({ state: 'up', weightPercent: 74.6, maxConnections: 100 }), 'up ready 75% maxconn:100\n');
  t.is(agentLine({ state: 'drain', ...NOTHING }), 'up drain\n');
  t.is(agentLine({ state: 'maint', ...NOTHING }), 'maint\n');
  t.is(agentLine({ state: 'down', ...NOTHING }, 'no server\nis up'), 'down #no server is up\n');
});

test('what is written is read again', (t) => {
  const state = fc.record({
    state: fc.constantFrom('up', 'drain', 'maint' as const),
    weightPercent: fc.option(fc.integer({ min: 0, max: 100 })),
    maxConnections: fc.option(fc.nat()),
  });
  fc.assert(
    fc.property(state, (one) => {
      t.deepEqual(parseAgentLine(agentLine(one as Parameters<typeof agentLine>[0]), ''), { ok: true, value: one });
    }),
  );
});

test('a line that is not whole, too long or has other words is refused', (t) => {
  for (const text of ['up', '', `${'up '.repeat(500)}\n`, 'up 101%\n', 'hello\n', 'maxconn:-1\n'])
    t.false(parseAgentLine(text, '').ok, text);
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => t.notThrows(() => parseAgentLine(text, ''))));
});

test('weight falls from the target to the maximum, and never to nothing', (t) => {
  const at = (current: number) => weightPercentOf({ current, target: 80, max: 100 });
  t.deepEqual([0, 80, 90, 100, 1000].map(at), [100, 100, 50, 1, 1]);
  t.is(weightPercentOf({ current: 5, target: null, max: null }), null);
  t.is(weightPercentOf({ current: 0, target: 0, max: 0 }), 1);
});

test('the answer to GET /load is read again', (t) => {
  const answer = { current: 3, target: null, max: 10, isDraining: true };
  t.deepEqual(parseLoadAnswer(formatLoadAnswer(answer), ''), { ok: true, value: answer });
  t.false(parseLoadAnswer('{"current": "3"}', '').ok);
  fc.assert(fc.property(fc.json(), (text) => t.notThrows(() => parseLoadAnswer(text, ''))));
});
