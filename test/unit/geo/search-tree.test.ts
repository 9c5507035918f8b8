import test from 'ava';
import { formatAddress } from '../../../src/base/address.ts';
import { SearchTree, visitNetworks } from '../../../src/geo/search-tree.ts';

test('both records of a node are read whole, in every size', (t) => {
  const first = (text: string, recordBits: number) => {
    const tree = new SearchTree(Buffer.from(`${text}${text}`, 'hex'), 2, recordBits, 4);
    return [tree.child(0, 0), tree.child(0, 1), tree.child(1, 0), tree.child(1, 1)];
  };
  const twice = (left: number, right: number) => [left, right, left, right];
  t.deepEqual(first('fedcba012345', 24), twice(0xfedcba, 0x012345));
  t.deepEqual(first('234567a1bcdef0', 28), twice(0xa234567, 0x1bcdef0));
  t.deepEqual(first('fedcba9812345678', 32), twice(0xfedcba98, 0x12345678));
});

/** A tree of records of 24 bits: `[left, right]` for each node. */
const treeOf = (nodes: readonly [number, number][], ipVersion: number): SearchTree => {
  const octets = Buffer.alloc(nodes.length * 6);
  nodes.forEach(([left, right], node) => {
    octets.writeUIntBE(left, node * 6, 3);
    octets.writeUIntBE(right, node * 6 + 3, 3);
  });
  return new SearchTree(octets, nodes.length, 24, ipVersion);
};

test('networks are visited in address order, unknown ones left out', (t) => {
  // 0/2 -> 30, 64/2 unknown, 128/2 unknown, 192/3 -> 31, 224/3 -> 30
  const tree = treeOf([[1, 2], [30, 4], [4, 3], [31, 30]], 4); // biome-ignore format: one tree
  const seen: string[] = [];
  const complaint = visitNetworks(tree, (record, family, octets, prefixLen) => {
    seen.push(`${record} ${formatAddress(octets, family)}/${prefixLen}`);
  });
  t.is(complaint, undefined);
  t.deepEqual(seen, ['30 0.0.0.0/2', '31 192.0.0.0/3', '30 224.0.0.0/3']);
});

test('a record that covers the whole IPv4 part is found above it', (t) => {
  const tree = treeOf([[20, 1]], 6);
  t.is(tree.ipv4Root, 20);
  t.false(tree.isAlias(20));
  const seen: string[] = [];
  visitNetworks(tree, (record, family, _, prefixLen) => seen.push(`${record} v${family}/${prefixLen}`));
  t.deepEqual(seen, ['20 v4/0', '20 v6/1']);
});

test('a circle and a node of two parents are complained about', (t) => {
  t.is(visitNetworks(treeOf([[1, 0], [2, 2]], 4), () => {}), 'node 0 is reached twice'); // biome-ignore format: one tree
  t.is(visitNetworks(treeOf([[1, 1], [2, 2]], 4), () => {}), 'node 1 is reached twice'); // biome-ignore format: one tree
});
