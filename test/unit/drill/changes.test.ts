import test from 'ava';
import { Changes } from '../../../src/drill/changes.ts';

/** What the timeline says to answers at these seconds. */
function told(...answers: readonly (readonly [number, string | null])[]): string[] {
  const lines: string[] = [];
  const changes = new Changes(
    (client) => client,
    (text) => lines.push(text),
  );
  for (const [atSec, site] of answers) {
    const trouble = site === null ? ('lost' as const) : null;
    changes.take({ server: 'one', client: 'a', site, trouble, sentMs: atSec * 1000, atMs: atSec * 1000 });
  }
  return lines;
}

test('nothing is said while answers stay as they were', (t) => {
  t.deepEqual(told([0, 'x'], [1, 'x'], [9, 'x']), []);
});

test('the first answer that names another site is told at once', (t) => {
  t.deepEqual(told([0, 'x'], [1, 'y']), ['one to a: x -> y']);
});

test('a server that does not reply is told', (t) => {
  t.deepEqual(told([0, 'x'], [1, null]), ['one to a: x -> no reply']);
});

test('answers that alternate are told once, and again when they have settled on another site', (t) => {
  t.deepEqual(told([0, 'x'], [1, 'y'], [2, 'x'], [3, 'y'], [4, 'x'], [10, 'x']), ['one to a: x -> y', 'one to a: only x by now']);
});
