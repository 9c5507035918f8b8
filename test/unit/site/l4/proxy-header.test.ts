import test from 'ava';
import fc from 'fast-check';
import { parseAddress } from '../../../../src/base/address.ts';
import { type ProxyAddresses, readProxyHeader, writeProxyHeader } from '../../../../src/site/l4/proxy-header.ts';

const octetsOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const address = (text: string): Uint8Array => parseAddress(text)!.octets;

const V4: ProxyAddresses = {
  family: 4,
  source: address('192.0.2.7'),
  sourcePort: 50_000,
  destination: address('198.51.100.1'),
  destinationPort: 443,
};
/** The octets of V4 in version 2, written down from the specification. */
const V4_BINARY =
  '0d0a0d0a000d0a515549540a' + // signature
  '21' + // version 2, PROXY
  '11' + // TCP over IPv4
  '000c' + // 12 octets follow
  'c0000207c6336401' + // 192.0.2.7, 198.51.100.1
  'c35001bb'; // 50000, 443

const whyBad = (octets: Uint8Array): string => {
  const header = readProxyHeader(octets);
  return header.kind === 'bad' ? header.why : header.kind;
};

test('version 1 is one line of text', (t) => {
  t.is(new TextDecoder().decode(writeProxyHeader(1, V4)), 'PROXY TCP4 192.0.2.7 198.51.100.1 50000 443\r\n');
  const v6 = { ...V4, family: 6, source: address('2001:db8::7'), destination: address('2001:db8::1') } as const;
  t.is(new TextDecoder().decode(writeProxyHeader(1, v6)), 'PROXY TCP6 2001:db8::7 2001:db8::1 50000 443\r\n');
  t.is(new TextDecoder().decode(writeProxyHeader(1, null)), 'PROXY UNKNOWN\r\n');
});

test('version 2 is the octets of the specification', (t) => {
  t.is(Buffer.from(writeProxyHeader(2, V4)).toString('hex'), V4_BINARY);
  t.is(Buffer.from(writeProxyHeader(2, null)).toString('hex'), '0d0a0d0a000d0a515549540a20000000');
});

test('what was written is read, in any pieces, and what follows is left', (t) => {
  const port = fc.nat(65_535);
  const octets = (size: number) => fc.uint8Array({ minLength: size, maxLength: size });
  const addresses: fc.Arbitrary<ProxyAddresses> = fc.constantFrom<4 | 6>(4, 6).chain((family) => {
    const size = family === 4 ? 4 : 16;
    return fc.record({
      family: fc.constant(family),
      source: octets(size),
      sourcePort: port,
      destination: octets(size),
      destinationPort: port,
    });
  });
  const version = fc.constantFrom<1 | 2>(1, 2);
  fc.assert(
    fc.property(fc.option(addresses), version, fc.uint8Array({ maxLength: 20 }), (it, number, rest) => {
      const header = writeProxyHeader(number, it);
      for (let size = 0; size < header.length; size++) {
        if (readProxyHeader(header.subarray(0, size)).kind !== 'partial') return false;
      }
      t.deepEqual(readProxyHeader(Uint8Array.from([...header, ...rest])), { kind: 'whole', size: header.length, addresses: it });
      return true;
    }),
    { seed: 7, numRuns: 100 },
  );
});

test('additions of version 2 are skipped', (t) => {
  const header = Buffer.from(`${V4_BINARY.replace('000c', '0011')}0400026869`, 'hex');
  t.deepEqual(readProxyHeader(header), { kind: 'whole', size: header.length, addresses: V4 });
  t.is(readProxyHeader(header.subarray(0, -1)).kind, 'partial');
});

test('a proxy that speaks for itself, or relays something else than TCP, names no client', (t) => {
  const local = Buffer.from(V4_BINARY.replace('540a21', '540a20'), 'hex');
  const udp = Buffer.from(V4_BINARY.replace('2111', '2112'), 'hex');
  for (const header of [local, udp]) t.deepEqual(readProxyHeader(header), { kind: 'whole', size: 28, addresses: null });
  const unknown = octetsOf('PROXY UNKNOWN whatever it says\r\n');
  t.deepEqual(readProxyHeader(unknown), { kind: 'whole', size: unknown.length, addresses: null });
});

test('what is no header is told apart from the first octet that differs', (t) => {
  t.is(whyBad(octetsOf('G')), 'the connection does not begin with a PROXY header');
  t.is(whyBad(octetsOf('PROXZ')), 'the connection does not begin with a PROXY header');
  t.is(whyBad(octetsOf('')), 'partial');
});

for (const [line, why] of [
  ['PROXY UDP4 192.0.2.7 198.51.100.1 1 2\r\n', 'the protocol must be TCP4, TCP6 or UNKNOWN'],
  ['PROXY TCP4 192.0.2.7\r\n', 'two IPv4 addresses must follow'],
  ['PROXY TCP4 2001:db8::7 198.51.100.1 1 2\r\n', 'two IPv4 addresses must follow'],
  ['PROXY TCP6 2001:db8::7 198.51.100.1 1 2\r\n', 'two IPv6 addresses must follow'],
  ['PROXY TCP4 192.0.2.7 198.51.100.1 1 65536\r\n', 'two ports from 0 to 65535 must end the line'],
  ['PROXY TCP4 192.0.2.7 198.51.100.1 01 2\r\n', 'two ports from 0 to 65535 must end the line'],
  ['PROXY TCP4 192.0.2.7 198.51.100.1 1\r\n', 'two ports from 0 to 65535 must end the line'],
  ['PROXY TCP4 192.0.2.7 198.51.100.1 1 2 3\r\n', 'two ports from 0 to 65535 must end the line'],
  ['PROXY TCP4 192.0.2.7 198.51.100.1 1 2\n', 'a line must end with CR LF within 107 octets'],
  [`PROXY UNKNOWN ${'x'.repeat(100)}\r\n`, 'a line must end with CR LF within 107 octets'],
  [`PROXY UNKNOWN ${'x'.repeat(100)}`, 'no line end within 107 octets'],
] as const) {
  test(`refused: ${JSON.stringify(line)}`, (t) => {
    t.is(whyBad(octetsOf(line)), `PROXY header: ${why}`);
  });
}

test('of version 2, another version or command, too little and too much are refused', (t) => {
  t.regex(whyBad(Buffer.from(V4_BINARY.replace('540a21', '540a11'), 'hex')), /version and command must be 2 and LOCAL or PROXY/);
  t.regex(whyBad(Buffer.from(V4_BINARY.replace('540a21', '540a22'), 'hex')), /version and command must be 2 and LOCAL or PROXY/);
  t.regex(whyBad(Buffer.from(V4_BINARY.replace('000c', '000b'), 'hex')), /too short for its addresses/);
  t.regex(whyBad(Buffer.from(V4_BINARY.replace('000c', 'ffff'), 'hex')), /at most 4096 octets are taken, found 65551/);
});
