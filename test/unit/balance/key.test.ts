import test from 'ava';
import { addressKey, saltedKey, textKey } from '../../../src/balance/key.ts';
import { parseAddress } from '../../../src/base/address.ts';

const key = (text: string, prefixLen: number): number => addressKey(parseAddress(text)!.octets, prefixLen);

test('addresses of one network have one key, others have others', (t) => {
  t.is(key('192.0.2.1', 24), key('192.0.2.254', 24));
  t.not(key('192.0.2.1', 24), key('192.0.3.1', 24));
  t.not(key('192.0.2.1', 32), key('192.0.2.2', 32));
  t.is(key('2001:db8:0:1::1', 64), key('2001:db8:0:1:ffff::', 64));
  t.not(key('2001:db8:0:1::1', 64), key('2001:db8:0:2::1', 64));
});

test('families are kept apart', (t) => {
  t.not(key('0.0.0.0', 0), key('::', 0));
});

test('keys are unsigned integers of 32 bits, for texts too', (t) => {
  for (let i = 0; i < 100; i++) {
    for (const value of [key(`192.0.2.${i}`, 32), textKey(`session ${i}`), saltedKey(i, 1)]) {
      t.true(Number.isInteger(value) && value >= 0 && value < 2 ** 32);
    }
  }
  t.not(textKey('a'), textKey('b'));
});

test('salts give independent keys', (t) => {
  t.not(saltedKey(7, 1), saltedKey(7, 2));
  t.not(saltedKey(7, 1), saltedKey(8, 1));
});
