import test from 'ava';
import { once } from '../../../src/base/once.ts';

test('nothing is made before it is asked for, and all who ask get the same', async (t) => {
  let made = 0;
  const get = once(async () => ({ number: ++made }));
  t.is(made, 0);
  const [first, second] = await Promise.all([get(), get()]);
  t.deepEqual(first, { number: 1 });
  t.is(second, first);
  t.is(await get(), first);
  t.is(made, 1);
});

test('a failure is told to all who wait for it, and who asks later has it made again', async (t) => {
  let tries = 0;
  const get = once(async () => {
    if (++tries === 1) throw new Error('not yet');
    return tries;
  });
  const waiting = await Promise.allSettled([get(), get()]);
  t.deepEqual(
    waiting.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  t.is(tries, 1);
  t.is(await get(), 2);
  t.is(await get(), 2);
});

test('one who is told of a failure late does not undo what was made since', async (t) => {
  let tries = 0;
  const get = once(async () => {
    if (++tries === 1) throw new Error('not yet');
    return { tries };
  });
  const again = get().catch(() => get());
  await t.throwsAsync(get(), { message: 'not yet' });
  t.is(await get(), await again);
  t.is(tries, 2);
});
