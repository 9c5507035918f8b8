import test from 'ava';
import { SipHash } from '../../../src/base/siphash.ts';

/**
 * The vectors that the authors of SipHash publish with their reference implementation (vectors_sip64): key 00 01 .. 0f, messages
 * of 0 to 63 octets 00 01 02 ...
 */
const VECTORS = `
  310e0edd47db6f72 fd67dc93c539f874 5a4fa9d909806c0d 2d7efbd796666785
  b7877127e09427cf 8da699cd64557618 cee3fe586e46c9cb 37d1018bf50002ab
  6224939a79f5f593 b0e4a90bdf82009e f3b9dd94c5bb5d7a a7ad6b22462fb3f4
  fbe50e86bc8f1e75 903d84c02756ea14 eef27a8e90ca23f7 e545be4961ca29a1
  db9bc2577fcc2a3f 9447be2cf5e99a69 9cd38d96f0b3c14b bd6179a71dc96dbb
  98eea21af25cd6be c7673b2eb0cbf2d0 883ea3e395675393 c8ce5ccd8c030ca8
  94af49f6c650adb8 eab8858ade92e1bc f315bb5bb835d817 adcf6b0763612e2f
  a5c91da7acaa4dde 716595876650a2a6 28ef495c53a387ad 42c341d8fa92d832
  ce7cf2722f512771 e37859f94623f3a7 381205bb1ab0e012 ae97a10fd434e015
  b4a31508beff4d31 81396229f0907902 4d0cf49ee5d4dcca 5c73336a76d8bf9a
  d0a704536ba93e0e 925958fcd6420cad a915c29bc8067318 952b79f3bc0aa6d4
  f21df2e41d4535f9 87577519048f53a9 10a56cf5dfcd9adb eb75095ccd986cd0
  51a9cb9ecba312e6 96afadfc2ce666c7 72fe52975a4364ee 5a1645b276d592a1
  b274cb8ebf87870a 6f9bb4203de7b381 eaecb2a30b22a87f 9924a43cc1315724
  bd838d3aafbf8db7 0b1a2a3265d51aea 135079a3231ce660 932b2846e4d70666
  e1915f5cb1eca46c f325965ca16d629f 575ff28e60381be5 724506eb4c328a95
`
  .trim()
  .split(/\s+/);

const key = Uint8Array.from({ length: 16 }, (_, i) => i);
const message = Uint8Array.from({ length: 64 }, (_, i) => i);

const hex = (hash: SipHash): string => {
  const out = new Uint8Array(10).fill(0xa5);
  hash.write(out, 1);
  if (out[0] !== 0xa5 || out[9] !== 0xa5) throw new Error('written outside');
  return Buffer.from(out.subarray(1, 9)).toString('hex');
};

test('the 64 published vectors come out', (t) => {
  t.is(VECTORS.length, 64);
  const hash = new SipHash(key);
  for (const [size, expected] of VECTORS.entries()) {
    hash.hash(message, 0, size);
    t.is(hex(hash), expected, `${size} octets`);
  }
});

test('only the octets between offset and end count, and a hash leaves nothing behind for the next', (t) => {
  const hash = new SipHash(key);
  for (const size of [0, 1, 7, 8, 15, 20, 32]) {
    const around = new Uint8Array(80).fill(0xff);
    around.set(message.subarray(0, size), 9);
    hash.hash(around, 9, size);
    t.is(hex(hash), VECTORS[size]!);
  }
});

test('a hash is known where it stands, and with any bit changed it is not', (t) => {
  const hash = new SipHash(key);
  hash.hash(message, 0, 20);
  const octets = new Uint8Array(12);
  hash.write(octets, 3);
  t.true(hash.stands(octets, 3));
  for (let bit = 0; bit < 64; bit++) {
    octets[3 + (bit >> 3)]! ^= 1 << (bit & 7);
    t.false(hash.stands(octets, 3), `bit ${bit}`);
    octets[3 + (bit >> 3)]! ^= 1 << (bit & 7);
  }
});

test('every bit of the key matters', (t) => {
  const seen = new Set<string>();
  for (let bit = 0; bit < 128; bit++) {
    const other = Uint8Array.from(key);
    other[bit >> 3]! ^= 1 << (bit & 7);
    const hash = new SipHash(other);
    hash.hash(message, 0, 20);
    seen.add(hex(hash));
  }
  t.is(seen.size, 128);
});
