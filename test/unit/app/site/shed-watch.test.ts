// Connections that found no descriptor are told of: at once, then no more than once a minute.

import test from 'ava';
import { ShedWatch } from '../../../../src/app/site/shed-watch.ts';

const MINUTE_MS = 60_000;

function stage() {
  const told: unknown[] = [];
  const silent = (): void => undefined;
  const warn = (facts: Record<string, unknown>): void => void told.push([facts['code'], facts['listener'], facts['reset']]);
  const watch = new ShedWatch({ debug: silent, info: silent, warn, error: silent });
  const look = (count: number, nowMs: number): void => {
    const listener = { listener: 'public', kind: 'tcp', address: '127.0.0.1', port: 80, connections: 5 } as const;
    watch.look([{ site: 'lon', listeners: [{ ...listener, counts: { refusedByDescriptors: count } }] }], nowMs);
  };
  return { told, look };
}

test('as long as there is a descriptor for each, nothing is told', (t) => {
  const { told, look } = stage();
  for (let i = 0; i < 5; i++) look(0, i * MINUTE_MS);
  t.deepEqual(told, []);
});

test('the first that are reset are told of at once, those of the next minute together, and it ends with them', (t) => {
  const { told, look } = stage();
  look(0, 0);
  look(3, 1000);
  t.deepEqual(told, [['ERR_OPEN_FILES', 'public', 3]]);
  look(5, 2000);
  look(9, 1000 + MINUTE_MS - 1);
  t.is(told.length, 1);
  look(9, 1000 + MINUTE_MS);
  look(9, 1000 + 2 * MINUTE_MS);
  look(9, 1000 + 3 * MINUTE_MS);
  t.deepEqual(told.slice(1), [['ERR_OPEN_FILES', 'public', 6]]);
});

test('a listener that is opened anew counts from zero', (t) => {
  const { told, look } = stage();
  look(7, 0);
  look(0, MINUTE_MS);
  look(2, 2 * MINUTE_MS);
  t.deepEqual(
    told.map((each) => (each as unknown[])[2]),
    [7, 2],
  );
});
