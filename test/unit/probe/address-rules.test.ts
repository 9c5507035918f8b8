import test from 'ava';
import { parseCidr } from '../../../src/base/address.ts';
import { AddressRules } from '../../../src/probe/address-rules.ts';

const rules = (allow: string[], deny: string[]): AddressRules =>
  new AddressRules(
    allow.map((text) => parseCidr(text)!),
    deny.map((text) => parseCidr(text)!),
  );

test('by default nothing of this machine, of link-local or of metadata services is checked', (t) => {
  const byDefault = rules([], []);
  const denied = ['127.0.0.1', '::1', '169.254.169.254', '0.0.0.0', '::', '224.0.0.1', '255.255.255.255', 'fe80::1', 'ff02::1'];
  for (const address of [...denied, 'fd00:ec2::254', '100.100.100.200']) t.false(byDefault.allows(address), address);
  for (const address of ['192.0.2.1', '10.0.0.1', '2001:db8::1', 'fd00::1']) t.true(byDefault.allows(address), address);
});

test('an IPv4 address inside an IPv6 one is judged as well', (t) => {
  for (const address of ['::ffff:169.254.169.254', '64:ff9b::a9fe:a9fe', '::ffff:127.0.0.1']) {
    t.false(rules([], []).allows(address), address);
  }
  t.true(rules([], []).allows('64:ff9b::c000:201'));
});

test('what is allowed may be checked in spite of the default', (t) => {
  t.true(rules(['127.0.0.0/8'], []).allows('127.0.0.1'));
  t.false(rules(['127.0.0.0/8'], []).allows('::1'));
});

test('what is denied may not be checked, even if it is allowed', (t) => {
  const both = rules(['127.0.0.0/8'], ['127.0.0.1', '10.0.0.0/8']);
  t.false(both.allows('127.0.0.1'));
  t.true(both.allows('127.0.0.2'));
  t.false(both.allows('10.1.2.3'));
});

test('what is no address is not checked', (t) => {
  t.false(rules(['0.0.0.0/0'], []).allows('localhost'));
});
