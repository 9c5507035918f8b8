// Places of other servers that are none here.

import test from 'ava';
import { Draft } from '../../../src/migrate/draft.ts';
import type { DraftRule } from '../../../src/migrate/draft-rule.ts';

const POOL: DraftRule = { pool: 'p' };

function imported(rule: DraftRule): { readonly rule: DraftRule; readonly losses: readonly string[] } {
  const draft = new Draft();
  const name = draft.addPolicy('w', { rule });
  return { rule: draft.policies.get(name)!.rule, losses: draft.losses };
}

test('codes that only old databases have are left out and told', (t) => {
  const { rule, losses } = imported({ map: { country: { EU: POOL, DE: POOL }, continent: { XX: POOL }, default: POOL } });
  t.deepEqual(rule, { map: { country: { DE: POOL }, default: POOL } });
  t.deepEqual(losses, [
    'policy w: EU is not a country here; its clients are answered by the rule around it',
    'policy w: XX is not a continent here; its clients are answered by the rule around it',
  ]);
});

test('the United Kingdom goes by its code of ISO 3166, its parts too', (t) => {
  const { rule, losses } = imported({ map: { country: { UK: POOL }, subdivision: { 'UK-ENG': POOL }, default: POOL } });
  t.deepEqual(rule, { map: { country: { GB: POOL }, subdivision: { 'GB-ENG': POOL }, default: POOL } });
  t.is(losses.length, 2);
});

test('a network loses the bits behind its prefix, and what is none is left out', (t) => {
  const { rule } = imported({
    map: {
      network: { '10.1.2.3/8': POOL, '2001:db8::1/32': POOL, '192.0.2.1': POOL, '192.0.2.0/99': POOL, x: POOL },
      default: POOL,
    },
  });
  t.deepEqual(rule, { map: { network: { '10.0.0.0/8': POOL, '2001:db8::/32': POOL, '192.0.2.1': POOL }, default: POOL } });
});

test('a map of which nothing is left is its default, wherever it stands', (t) => {
  const empty: DraftRule = { map: { asn: { AS0: POOL }, default: POOL } };
  t.deepEqual(imported({ failover: [empty, { weighted: [{ weight: 1, rule: empty }] }] }).rule, {
    failover: [POOL, { weighted: [{ weight: 1, rule: POOL }] }],
  });
});
