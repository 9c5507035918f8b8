import test from 'ava';
import { RecordPacker } from '../../../src/transfer/record-packer.ts';
import { readCompressedName } from '../../../src/wire/compressed-name.ts';
import { nameToText } from '../../../src/wire/name.ts';
import { wireName } from '../../support/query-octets.ts';

const RECORD = Uint8Array.of(0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1);
const START = 5;
const HEADER = 12;

/** All owners of a zone lie in one run of octets, which the packer compares within. */
function pack(owners: readonly string[], limit = 16384) {
  const octets = Uint8Array.from([...RECORD, ...owners.flatMap((owner) => [...wireName(owner)])]);
  const packer = new RecordPacker();
  const out = new Uint8Array(START + 20_000);
  packer.begin(out, START, HEADER);
  let ownerAt = RECORD.length;
  let added = 0;
  for (const owner of owners) {
    if (!packer.add(octets, ownerAt, 0, RECORD.length, limit)) break;
    added++;
    ownerAt += wireName(owner).length;
  }
  const message = out.subarray(START, START + packer.size);
  const names: string[] = [];
  for (let at = HEADER; at < message.length; ) {
    const read = readCompressedName(message, at, message.length);
    if (typeof read === 'string') throw new Error(read);
    names.push(nameToText(read.name));
    at = read.next + RECORD.length;
  }
  return { names, size: packer.size, added };
}

test('owners come out as they went in, and share what they have in common', (t) => {
  const owners = ['example.test.', 'a.example.test.', 'b.a.example.test.', 'c.example.test.', 'c.example.test.', 'example.test.'];
  const { names, size } = pack(owners);
  t.deepEqual(names, owners);
  // 14 in full; then a label and a pointer, a label and a pointer, ..., a pointer alone for a repeated name.
  t.is(size, HEADER + 14 + 4 + 4 + 4 + 2 + 2 + owners.length * RECORD.length);
});

test('names that differ in case are not compressed onto each other', (t) => {
  const owners = ['www.example.test.', 'mail.EXAMPLE.test.', 'x.mail.EXAMPLE.test.', 'y.example.test.'];
  t.deepEqual(pack(owners).names, owners);
});

test('names without a common label, and the root, are written in full', (t) => {
  const owners = ['.', 'a.', 'b.', '.', 'c.b.'];
  t.deepEqual(pack(owners).names, owners);
});

test('a record that does not fit is left out whole', (t) => {
  const owners = ['example.test.', 'a.example.test.'];
  const size = HEADER + 14 + 4 + 2 * RECORD.length;
  t.is(pack(owners, size).added, 2);
  const less = pack(owners, size - 1);
  t.is(less.added, 1);
  t.deepEqual(less.names, ['example.test.']);
});
