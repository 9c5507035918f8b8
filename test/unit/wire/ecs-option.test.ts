import test from 'ava';
import { parseCidr } from '../../../src/base/address.ts';
import { decodeEcs, encodeEcs } from '../../../src/wire/ecs-option.ts';

for (const [network, hex] of [
  ['198.51.100.0/24', '00011800c63364'],
  ['192.0.0.0/3', '00010300c0'],
  ['0.0.0.0/0', '00010000'],
  ['2001:db8::/32', '0002200020010db8'],
  ['2001:db8:0:8000::/49', '0002310020010db8000080'],
] as const) {
  test(`the client subnet ${network} is encoded as ${hex} and read back`, (t) => {
    const cidr = parseCidr(network)!;
    const data = encodeEcs(cidr);
    t.is(Buffer.from(data).toString('hex'), hex);
    t.deepEqual(decodeEcs(data), {
      family: cidr.family,
      octets: cidr.octets,
      sourcePrefixLen: cidr.prefixLen,
      scopePrefixLen: 0,
    });
  });
}

for (const [what, hex] of [
  ['is too short', '000118'],
  ['has an unknown family', '00031800c63364'],
  ['has a family above 255', '01011800c63364'],
  ['has too few octets', '00011800c633'],
  ['has too many octets', '00011800c6336400'],
  ['has a source prefix that is too long', '00012100c633640000'],
  ['has a scope that is too long', '00011821c63364'],
] as const) {
  test(`an option that ${what} is not read`, (t) => {
    t.is(decodeEcs(Buffer.from(hex, 'hex')), undefined);
  });
}

test('the scope of a reply is read', (t) => {
  t.is(decodeEcs(Buffer.from('00011814c63364', 'hex'))?.scopePrefixLen, 20);
});
