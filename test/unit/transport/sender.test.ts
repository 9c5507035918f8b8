import test from 'ava';
import { Client } from '../../../src/model/client.ts';
import { setClientAddress } from '../../../src/transport/sender.ts';

test('addresses of both families become octets', (t) => {
  const client = new Client();
  t.true(setClientAddress(client, '192.0.2.77'));
  t.is(client.family, 4);
  t.deepEqual([...client.octets.subarray(0, 4)], [192, 0, 2, 77]);
  t.true(setClientAddress(client, '2001:db8::5'));
  t.is(client.family, 6);
  t.deepEqual([...client.octets], [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5]);
});

test('the zone index of a link-local address is dropped', (t) => {
  const client = new Client();
  t.true(setClientAddress(client, 'fe80::1%eth0'));
  t.is(client.octets[0], 0xfe);
  t.is(client.octets[15], 1);
});

test('text that is no address is refused', (t) => {
  t.false(setClientAddress(new Client(), 'localhost'));
});

test('an IPv4 address in IPv6 clothes is an IPv4 address', (t) => {
  const client = new Client();
  t.true(setClientAddress(client, '::ffff:192.0.2.7'));
  t.is(client.family, 4);
  t.deepEqual([...client.octets.subarray(0, 4)], [192, 0, 2, 7]);
  for (const text of ['::fffe:192.0.2.7', '1::ffff:192.0.2.7', '::']) {
    t.true(setClientAddress(client, text));
    t.is(client.family, 6, text);
  }
});
