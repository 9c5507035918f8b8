import test from 'ava';
import { checkSerial } from '../../../src/transfer/serial-check.ts';
import { zoneImage } from '../../support/responder.ts';

const image = (serial: number, rest = '') =>
  zoneImage('example.test.', `$TTL 60\n@ SOA ns host ${serial} 3600 600 86400 300\n@ NS ns\nns A 192.0.2.1\n${rest}`);
const check = (before: ReturnType<typeof image>, after: ReturnType<typeof image>) => checkSerial(before, after, 'z.zone');

test('a zone with a higher serial needs no warning, whatever has changed', (t) => {
  t.is(check(image(7), image(8, 'new A 192.0.2.2\n')), undefined);
  t.is(check(image(0xffffffff), image(0)), undefined);
});

test('changed records under the same serial are warned about, and unchanged ones are not', (t) => {
  t.is(check(image(7), image(7)), undefined);
  const warning = check(image(7), image(7, 'new A 192.0.2.2\n'));
  t.is(warning?.code, 'ERR_ZONE_SERIAL');
  t.is(warning?.severity, 'warning');
  t.is(warning?.file, 'z.zone');
  t.regex(warning!.message, /^zone example\.test\. has other records than before but the same serial 7;/);
});

test('a change of steering alone is no reason to raise the serial', (t) => {
  t.is(check(image(7, 'www 60 GSLB a\n'), image(7, 'www 30 GSLB b\n')), undefined);
});

test('a serial that goes back is warned about, even if nothing else has changed', (t) => {
  t.regex(check(image(8), image(7))!.message, /has serial 7, which does not come after 8 \(RFC 1982\)/);
});
