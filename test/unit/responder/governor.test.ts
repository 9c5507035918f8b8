import test from 'ava';
import { Governor } from '../../../src/responder/governor.ts';
import { clientOf } from '../../support/responder.ts';

function count(times: number, isAllowed: () => boolean): number {
  let allowed = 0;
  for (let i = 0; i < times; i++) if (isAllowed()) allowed++;
  return allowed;
}

test('a tenth of a second of replies may come at once, and not before time has passed again', (t) => {
  const governor = new Governor(1000);
  const client = clientOf({ nowMs: 5000 });
  t.is(
    count(500, () => governor.allowsFull(client)),
    100,
  );
  client.nowMs += 7;
  t.is(
    count(500, () => governor.allowsFull(client)),
    7,
  );
  client.nowMs += 60_000;
  t.is(
    count(500, () => governor.allowsFull(client)),
    100,
  );
});

test('over a long time exactly the rate passes', (t) => {
  const governor = new Governor(3000);
  const client = clientOf({ nowMs: 1000 });
  count(10_000, () => governor.allowsFull(client));
  let allowed = 0;
  for (let ms = 1; ms <= 10_000; ms++) {
    client.nowMs = 1000 + ms;
    allowed += count(20, () => governor.allowsFull(client));
  }
  t.is(allowed, 30_000);
});

test('truncated replies have as many again to themselves', (t) => {
  const governor = new Governor(1000);
  const client = clientOf({ nowMs: 1000 });
  t.is(
    count(500, () => governor.allowsFull(client)),
    100,
  );
  t.is(
    count(500, () => governor.allowsTruncated(client)),
    100,
  );
});

test('a rate below one reply in a tenth of a second still lets one through', (t) => {
  const governor = new Governor(1);
  const client = clientOf({ nowMs: 0 });
  t.is(
    count(5, () => governor.allowsFull(client)),
    1,
  );
  client.nowMs = 999;
  t.false(governor.allowsFull(client));
  client.nowMs = 1001;
  t.true(governor.allowsFull(client));
});
