import test from 'ava';
import { makeSharedLimits } from '../../../../src/app/answering/shared-limits.ts';
import { sharedLimitsSize } from '../../../../src/responder/admission.ts';
import { limitsOf } from '../../../support/responder.ts';

test('what workers share has a secret of its own each time and memory as large as the settings ask for, all zero', (t) => {
  const { settings } = limitsOf({ tableSize: 131_072 });
  const [one, two] = [makeSharedLimits(settings)!, makeSharedLimits(settings)!];
  t.is(one.key.length, 4);
  t.notDeepEqual(one.key, two.key);
  t.is(one.memory.byteLength, sharedLimitsSize(settings));
  t.is(one.memory.byteLength, 2 * 1024 * 1024 + 64);
  t.true(new Uint8Array(one.memory).every((octet) => octet === 0));
});

test('without limits nothing is shared', (t) => {
  t.is(makeSharedLimits(limitsOf({ enabled: false }).settings), null);
});
