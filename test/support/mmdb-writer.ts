// Writes small MMDB files for tests: every record size, IPv4-only or IPv6 trees, aliases of the IPv4 part as MaxMind's
// trees have them. Written from the MaxMind DB File Format Specification 2.0.

import { parseCidr } from '../../src/base/address.ts';

export interface MmdbContent {
  /** network text -> record; a longer network cuts its part out of a shorter one. */
  readonly networks: Readonly<Record<string, unknown>>;
  readonly recordBits?: 24 | 28 | 32;
  readonly ipVersion?: 4 | 6;
  readonly databaseType?: string;
  /** Whether ::ffff:0:0/96, 2001::/32 and 2002::/16 lead to the IPv4 part. */
  readonly hasAliases?: boolean;
}

/** `null` = unknown, a number = index of a record. */
type Slot = TreeNode | number | null;

class TreeNode {
  readonly slots: [Slot, Slot] = [null, null];
  number = -1;
}

export function writeMmdb(content: MmdbContent): Buffer {
  const { recordBits = 24, ipVersion = 6, databaseType = 'Test', hasAliases = false } = content;
  const root = new TreeNode();
  const records: unknown[] = [];
  const networks = Object.entries(content.networks).map(([text, record]) => ({ ...parseCidr(text)!, record }));
  for (const { family, octets, prefixLen, record } of networks.toSorted((a, b) => a.prefixLen - b.prefixLen)) {
    const leading = family === 4 && ipVersion === 6 ? 96 : 0;
    insert(root, bitsOf(octets, leading, prefixLen), records.push(record) - 1);
  }
  if (hasAliases) {
    const ipv4Root = descend(root, bitsOf(new Uint8Array(12), 0, 96));
    for (const text of ['::ffff:0:0/96', '2001::/32', '2002::/16']) {
      const { octets, prefixLen } = parseCidr(text)!;
      insert(root, bitsOf(octets, 0, prefixLen), ipv4Root);
    }
  }
  return serialise(root, records, recordBits, ipVersion, databaseType);
}

function bitsOf(octets: Uint8Array, leading: number, prefixLen: number): number[] {
  const bits = Array.from({ length: prefixLen }, (_, i) => (octets[i >> 3]! >> (7 - (i & 7))) & 1);
  return [...new Array<number>(leading).fill(0), ...bits];
}

/** The node at the end of a way, made where there was none; a leaf on the way is split. */
function descend(root: TreeNode, bits: readonly number[]): TreeNode {
  let node = root;
  for (const bit of bits) {
    const slot = node.slots[bit]!;
    if (slot instanceof TreeNode) node = slot;
    else {
      const next = new TreeNode();
      next.slots[0] = slot;
      next.slots[1] = slot;
      node.slots[bit] = next;
      node = next;
    }
  }
  return node;
}

function insert(root: TreeNode, bits: readonly number[], slot: Slot): void {
  if (bits.length === 0) root.slots.fill(slot);
  else descend(root, bits.slice(0, -1)).slots[bits.at(-1)!] = slot;
}

function serialise(root: TreeNode, records: readonly unknown[], recordBits: number, ipVersion: number, type: string): Buffer {
  const nodes: TreeNode[] = [];
  const number = (node: TreeNode): void => {
    if (node.number >= 0) return;
    node.number = nodes.push(node) - 1;
    for (const slot of node.slots) if (slot instanceof TreeNode) number(slot);
  };
  number(root);
  const reference = (slot: Slot): number => (slot instanceof TreeNode ? slot.number : slot === null ? ~0 : ~(slot + 1));
  const tree = nodes.flatMap(({ slots }) => slots.map(reference));
  return assembleMmdb({ tree, records, recordBits, ipVersion, databaseType: type });
}

export interface MmdbParts {
  /** Two entries a node, the root's first: a node's number, `~0` for unknown, `~(1 + i)` for record i. */
  readonly tree: readonly number[];
  readonly records: readonly unknown[];
  readonly recordBits: number;
  readonly ipVersion: number;
  readonly databaseType: string;
}

/** The file, from a finished tree. */
export function assembleMmdb({ tree, records, recordBits, ipVersion, databaseType }: MmdbParts): Buffer {
  const nodeCount = tree.length / 2;
  const data: Buffer[] = [];
  const offsetOf = new Map<string, number>();
  let dataLength = 0;
  const offsets = records.map((record) => {
    const octets = encode(record);
    const key = octets.toString('latin1');
    const known = offsetOf.get(key);
    if (known !== undefined) return known;
    offsetOf.set(key, dataLength);
    data.push(octets);
    dataLength += octets.length;
    return dataLength - octets.length;
  });
  const pointer = (entry: number): number => {
    if (entry >= 0) return entry;
    return entry === ~0 ? nodeCount : nodeCount + 16 + offsets[~entry - 1]!;
  };
  const nodes = Array.from({ length: nodeCount }, (_, i) =>
    encodeNode(pointer(tree[2 * i]!), pointer(tree[2 * i + 1]!), recordBits),
  );
  const metadata = encode({
    binary_format_major_version: uint16(2),
    binary_format_minor_version: uint16(0),
    build_epoch: 1_700_000_000n,
    database_type: databaseType,
    description: { en: 'test' },
    ip_version: uint16(ipVersion),
    languages: ['en'],
    node_count: nodeCount,
    record_size: uint16(recordBits),
  });
  return Buffer.concat([...nodes, Buffer.alloc(16), ...data, Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1'), metadata]);
}

function encodeNode(left: number, right: number, recordBits: number): Buffer {
  const node = Buffer.alloc(recordBits / 4);
  if (recordBits === 24) {
    node.writeUIntBE(left, 0, 3);
    node.writeUIntBE(right, 3, 3);
  } else if (recordBits === 28) {
    node.writeUIntBE(left & 0xffffff, 0, 3);
    node[3] = ((left >>> 24) << 4) | (right >>> 24);
    node.writeUIntBE(right & 0xffffff, 4, 3);
  } else {
    node.writeUInt32BE(left, 0);
    node.writeUInt32BE(right, 4);
  }
  return node;
}

const TYPE = { string: 2, double: 3, uint16: 5, uint32: 6, map: 7, uint64: 9, array: 11, boolean: 14 };

/** Already encoded: the metadata has integers of 16 bits, which libmaxminddb insists on. */
const uint16 = (value: number): Buffer => Buffer.concat([control(TYPE.uint16, 2), Buffer.of(value >> 8, value & 255)]);

function encode(value: unknown): Buffer {
  if (Buffer.isBuffer(value)) return value;
  if (typeof value === 'string') return Buffer.concat([control(TYPE.string, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'boolean') return control(TYPE.boolean, value ? 1 : 0);
  if (typeof value === 'bigint') {
    const octets = Buffer.alloc(8);
    octets.writeBigUInt64BE(value);
    return Buffer.concat([control(TYPE.uint64, 8), octets]);
  }
  if (typeof value === 'number') {
    const isWhole = Number.isInteger(value) && value >= 0;
    const octets = Buffer.alloc(isWhole ? 4 : 8);
    if (isWhole) octets.writeUInt32BE(value);
    else octets.writeDoubleBE(value);
    return Buffer.concat([control(isWhole ? TYPE.uint32 : TYPE.double, octets.length), octets]);
  }
  if (Array.isArray(value)) return Buffer.concat([control(TYPE.array, value.length), ...value.map(encode)]);
  const entries = Object.entries(value as Record<string, unknown>);
  return Buffer.concat([control(TYPE.map, entries.length), ...entries.flatMap(([key, item]) => [encode(key), encode(item)])]);
}

/** Control octets: type in three bits, or zero and an octet more for types above 7; size in five bits, or more octets. */
function control(type: number, size: number): Buffer {
  const extended = type > 7 ? [type - 7] : [];
  const typeBits = type > 7 ? 0 : type << 5;
  if (size < 29) return Buffer.from([typeBits | size, ...extended]);
  if (size < 285) return Buffer.from([typeBits | 29, ...extended, size - 29]);
  return Buffer.from([typeBits | 30, ...extended, (size - 285) >> 8, (size - 285) & 255]);
}
