// What the commands that give orders print, and that an undo does what it says.

import test from 'ava';
import { readTerms } from '../../../../src/app/orders/order-options.ts';
import { givenText, orderListText, recalledText, repeatOf, undoOf } from '../../../../src/app/orders/orders-text.ts';
import { lengthText } from '../../../../src/app/text/plain-text.ts';
import { DOWN, memberReport, NOW_MS, order } from '../../../support/health-reports.ts';

const given = (created = order(), names = ['web/fra']) => ({ set: { version: 1, overrides: [created] }, created, names });

test('an order is confirmed with whom it names and how to take it back', (t) => {
  const before = [memberReport('web/fra'), memberReport('web/lon')];
  t.deepEqual(givenText(given(), before, NOW_MS).split('\n'), [
    'site:fra drained by ann, until it is taken back: new switch',
    'members: web/fra',
    'undo: meridian undrain site:fra',
  ]);
});

test('taking out the last member of a pool that is up is told', (t) => {
  const before = [memberReport('web/fra'), memberReport('web/lon', DOWN), memberReport('api/fra'), memberReport('api/lon')];
  const text = givenText(given(order(), ['web/fra', 'api/fra']), before, NOW_MS);
  t.true(text.includes('\nnote: nobody else is up in pool web\n'), text);
});

test('an order of a tool that a person has outranked is told so', (t) => {
  const before = [memberReport('web/fra', {}, order()), memberReport('web/lon')];
  const text = givenText(given(order({ source: 'tool', action: 'up' })), before, NOW_MS);
  t.true(text.includes('\nnote: orders of people are stronger for web/fra\n'), text);
});

test('taking back an order tells how to give it again, with what is left of its time', (t) => {
  const removed = [order({ glob: 'web/*', action: 'down', reason: "it's late", expiresMs: NOW_MS + 90_500 })];
  t.is(
    recalledText(removed, NOW_MS),
    "web/* is no longer forced down (by ann: it's late)\n" +
      "undo: meridian override down 'web/*' --reason 'it'\\''s late' --author ann --for 91s",
  );
});

test('a drain is undone by its glob, another order by its id', (t) => {
  t.is(undoOf(order()), 'meridian undrain site:fra');
  t.is(undoOf(order({ glob: 'web/*' })), "meridian undrain 'web/*'");
  t.is(undoOf(order({ action: 'up' })), 'meridian override remove o1');
});

test('the end of an order is rounded up to a minute', (t) => {
  const ending = order({ expiresMs: NOW_MS + 7_199_000 });
  t.regex(givenText(given(ending), [], NOW_MS), /by ann, ends in 2 h: new switch/);
});

test('an order of a tool is repeated as one', (t) => {
  t.is(repeatOf(order({ source: 'tool' }), NOW_MS), "meridian drain site:fra --reason 'new switch' --author ann --tool");
});

test('the list has the newest order in force first, and says so if there is none', (t) => {
  const ending = order({ id: 'o2', action: 'up', createdMs: NOW_MS - 1000, expiresMs: NOW_MS + 5000 });
  const overrides = [order(), ending, order({ id: 'o3', expiresMs: NOW_MS })];
  t.deepEqual(orderListText({ version: 2, overrides }, NOW_MS).split('\n'), [
    'o2  site:fra  forced up  by ann  1 s ago    ends in 5 s             new switch',
    'o1  site:fra  drained    by ann  5 min ago  until it is taken back  new switch',
    'undo: meridian override remove ID',
  ]);
  t.is(orderListText({ version: 0, overrides: [] }, NOW_MS), 'no order is in force: traffic follows what the checks see');
});

test('what others wrote stays on its line and commands no terminal', (t) => {
  const overrides = [order({ reason: 'new\nline\u001b[31m', author: 'a\tb' })];
  t.is(orderListText({ version: 1, overrides }, NOW_MS).split('\n').length, 2);
  t.notRegex(orderListText({ version: 1, overrides }, NOW_MS).replaceAll('\n', ''), /\p{Cc}/u);
});

for (const [ms, text] of [
  [-5, '0.0 s'],
  [449, '0.4 s'],
  [1000, '1 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [3_600_000, '1 h'],
  [7_199_999, '1 h 59 min'],
  [172_800_000, '2 d'],
  [190_799_999, '2 d 4 h'],
] as const) {
  test(`${ms} ms are ${text}`, (t) => {
    t.is(lengthText(ms), text);
  });
}

test('an order has a reason, the login name as its author and no end unless told otherwise', (t) => {
  t.deepEqual(
    readTerms({ reason: ' new switch ' }, () => 'ann'),
    { ok: true, value: { source: 'human', author: 'ann', reason: 'new switch', forMs: null } },
  );
  t.deepEqual(readTerms({ reason: 'x', for: '1h30m', author: 'deploy', tool: true }), {
    ok: true,
    value: { source: 'tool', author: 'deploy', reason: 'x', forMs: 5_400_000 },
  });
});

for (const [values, complaint] of [
  [{}, '--reason is missing: say why, for those who find it'],
  [{ reason: '  ' }, '--reason is missing: say why, for those who find it'],
  [{ reason: 'x'.repeat(1001) }, '--reason has at most 1000 characters, found 1001'],
  [{ reason: 'x', for: '30' }, '--for takes a time from 1s to 3650d such as 30m or 1h30m, found "30"'],
  [{ reason: 'x', for: '0s' }, '--for takes a time from 1s to 3650d such as 30m or 1h30m, found "0s"'],
  [{ reason: 'x', for: 'soon' }, '--for takes a time from 1s to 3650d such as 30m or 1h30m, found "soon"'],
  [{ reason: 'x', author: '' }, '--author has 1 to 512 characters, found 0'],
] as const) {
  test(`wrong terms: ${JSON.stringify(values).slice(0, 40)}`, (t) => {
    t.deepEqual(
      readTerms(values, () => 'ann'),
      { ok: false, error: complaint },
    );
  });
}
