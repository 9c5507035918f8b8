import test from 'ava';
import { parseAddress } from '../../../src/base/address.ts';
import { hashPair, hashText, rendezvousScore } from '../../../src/base/hash.ts';
import { hashNetwork, SEED_A, SEED_B } from '../../../src/steering/rendezvous.ts';

const octets = (text: string): Uint8Array => parseAddress(text)!.octets;

test('the hash of a text depends on the text and the seed', (t) => {
  t.is(hashText('web/london', SEED_A), hashText('web/london', SEED_A));
  t.not(hashText('web/london', SEED_A), hashText('web/london', SEED_B));
  t.not(hashText('web/london', SEED_A), hashText('web/tokyo', SEED_A));
});

test('bits beyond the prefix do not change the hash of a network, bits within it do', (t) => {
  const hash = (text: string, prefixLen: number): number => {
    const address = octets(text);
    return hashNetwork(address, 0, address.length === 4 ? 4 : 6, prefixLen);
  };
  t.is(hash('198.51.100.7', 20), hash('198.51.111.255', 20));
  t.not(hash('198.51.100.7', 20), hash('198.51.112.7', 20));
  t.not(hash('198.51.100.7', 32), hash('198.51.100.6', 32));
  t.is(hash('2001:db8:0:10::1', 44), hash('2001:db8:0:f::2', 44));
  t.not(hash('2001:db8:0:10::1', 44), hash('2001:db8:10:10::1', 44));
  t.not(hash('2001:db8::1', 128), hash('2001:db8::2', 128));
  t.is(hash('1.2.3.4', 0), hash('255.255.255.255', 0));
  t.not(hash('0.0.0.0', 0), hash('::', 0), 'families are kept apart');
});

test('an address is read at its offset', (t) => {
  const padded = Uint8Array.of(9, 9, 9, 198, 51, 100, 7);
  t.is(hashNetwork(padded, 3, 4, 32), hashNetwork(octets('198.51.100.7'), 0, 4, 32));
});

test('a score grows with the weight and is never negative', (t) => {
  for (let network = 0; network < 1000; network++) {
    const hash = hashPair(network, 1, 2);
    const one = rendezvousScore(hash, 1);
    t.true(one > 0 && Number.isFinite(one));
    t.is(rendezvousScore(hash, 2), 2 * one);
  }
});

test('of two equal weights the higher hash has the higher score, however close they are', (t) => {
  for (const hash of [0, 1, 2, 0x7ffffffe, 0x7fffffff, 0x80000000, 0xfffffffd, 0xfffffffe]) {
    t.true(rendezvousScore(hash, 3) < rendezvousScore(hash + 1, 3), String(hash));
  }
  for (let i = 0; i < 1000; i++) t.true(rendezvousScore(i * 4294967, 1) < rendezvousScore(i * 4294967 + 1, 1));
});
