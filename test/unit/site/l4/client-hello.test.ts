import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { connect } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { type HelloOutcome, HelloReader, MOST_HELLO_SIZE } from '../../../../src/site/l4/client-hello.ts';
import { type Extension, helloFor, helloMessage, inRecords, padding, serverNames } from '../../../support/client-hello.ts';

const NAMED: HelloOutcome = { kind: 'whole', serverName: 'www.example.org' };
const NAMELESS: HelloOutcome = { kind: 'whole', serverName: null };

/** What comes of octets that arrive in pieces of these sizes, over and over. */
function read(octets: Uint8Array, sizes: readonly number[] = [octets.length]): HelloOutcome | null {
  const reader = new HelloReader();
  for (let at = 0, i = 0; at < octets.length; i++) {
    const size = Math.max(1, sizes[i % sizes.length]!);
    const outcome = reader.take(octets.subarray(at, at + size));
    if (outcome !== null) return outcome;
    at += size;
  }
  return null;
}

const readHello = (...extensions: readonly Extension[]): HelloOutcome | null => read(inRecords(helloMessage(extensions)));

/** What a real client sends first. */
async function realHello(t: ExecutionContext, options: object): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect({ port, host: '127.0.0.1', ...options });
  client.on('error', () => {});
  const [socket] = await once(server, 'connection');
  const [octets] = await once(socket, 'data');
  t.teardown(() => {
    client.destroy();
    socket.destroy();
    server.close();
  });
  return octets;
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`the name in the ClientHello of a real client of ${version} is read, octet by octet too`, async (t) => {
    const octets = await realHello(t, { servername: 'www.example.org', minVersion: version, maxVersion: version });
    t.deepEqual(read(octets), NAMED);
    t.deepEqual(read(octets, [1]), NAMED);
  });
}

test('a real client that names nobody is one without a name', async (t) => {
  t.deepEqual(read(await realHello(t, {})), NAMELESS);
});

test('a ClientHello is read however it is cut into records and pieces, and not before it is whole', (t) => {
  const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(sizes, sizes, fc.integer({ min: 0, max: 600 }), (records, pieces, size) => {
      const octets = inRecords(helloMessage([padding(size), serverNames('www.example.org')]), records);
      t.deepEqual(read(octets, pieces), NAMED);
      t.is(read(octets.subarray(0, -1), pieces), null);
    }),
    { seed: 1, numRuns: 300 },
  );
});

test('what follows a ClientHello is not looked at', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (rest) => {
      t.deepEqual(read(Buffer.concat([helloFor('www.example.org'), rest])), NAMED);
    }),
    { seed: 2, numRuns: 100 },
  );
});

test('whatever octets come, in whatever pieces, the conclusion is the same and never an exception', (t) => {
  const hello = helloFor('www.example.org');
  const damaged = fc
    .array(fc.tuple(fc.integer({ min: 0, max: hello.length - 1 }), fc.integer({ min: 0, max: 255 })), { maxLength: 6 })
    .map((edits) => {
      const octets = Buffer.from(hello);
      for (const [at, value] of edits) octets[at] = value;
      return new Uint8Array(octets);
    });
  const likely = fc.uint8Array({ maxLength: 400 }).map((octets) => Uint8Array.of(22, 3, 1, 1, 0, 1, 0, 0, 200, ...octets));
  const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.oneof(damaged, likely, fc.uint8Array()), sizes, (octets, pieces) => {
      t.deepEqual(read(octets, pieces), octets.length === 0 ? null : read(octets));
    }),
    { seed: 3, numRuns: 3000 },
  );
});

test('no more is kept than the bound, in one record or in many', (t) => {
  const endless = Buffer.alloc(2 * MOST_HELLO_SIZE, 1);
  endless.set([22, 3, 1, 0x40, 0, 1, 0, 0x3f, 0xfc]);
  t.is(read(endless.subarray(0, MOST_HELLO_SIZE)), null);
  t.is(read(endless)?.kind, 'bad');
  const message = helloMessage([padding(5000), serverNames('www.example.org')]);
  t.is(read(inRecords(message, [2]))?.kind, 'bad', 'more headers than contents');
  t.is(read(inRecords(helloMessage([padding(20_000)])))?.kind, 'bad');
});

test('what is no TLS is refused at the first octet that shows it', (t) => {
  for (const text of ['G', 'SSH-2.0', '\x80\x2e\x01\x03\x01', '\x16\x02', '\x15\x03\x01', '\x16\x03\x01\x00\x00']) {
    t.is(read(Buffer.from(text, 'latin1'))?.kind, 'bad', JSON.stringify(text));
  }
  t.is(read(inRecords(Buffer.from([2, 0, 0, 0])))?.kind, 'bad', 'a ServerHello');
});

test('a client may name nobody: no such extension, or none at all', (t) => {
  t.deepEqual(readHello(padding(5)), NAMELESS);
  t.deepEqual(readHello(), NAMELESS);
  t.deepEqual(read(inRecords(helloMessage(null))), NAMELESS);
});

test('names are compared in lower case and without the final dot', (t) => {
  t.deepEqual(readHello(serverNames('WWW.Example.ORG.')), NAMED);
});

test('a name that a server behind might read in another way is refused', (t) => {
  const name = serverNames('www.example.org');
  for (const [what, extensions] of [
    ['two extensions', [name, serverNames('other.example.org')]],
    ['two names', [serverNames('www.example.org', 'other.example.org')]],
    ['no name', [serverNames()]],
    ['an empty one', [serverNames('')]],
    ['an octet 0', [serverNames('www.example.org\0')]],
    ['a space', [serverNames('www example')]],
    ['an empty label', [serverNames('www..example')]],
    ['too long', [serverNames(`${'a'.repeat(60)}.`.repeat(5))]],
    ['octets behind it', [{ type: 0, data: [...name.data, 0] }]],
    ['a size that is too large', [{ type: 0, data: [0, 9, ...name.data.slice(2)] }]],
    ['another kind', [{ type: 0, data: [0, 4, 1, 0, 1, 97] }]],
  ] as const) {
    t.is(readHello(...extensions)?.kind, 'bad', what);
  }
});

test('sizes that do not fit in one another are refused', (t) => {
  const message = helloMessage([serverNames('www.example.org')]);
  const body = 4 + 2 + 32;
  for (const [at, value] of [
    [body, 255], // session id
    [body + 33, 255], // cipher suites
    [body + 39, 255], // compression methods
    [body + 41, 255], // extensions
    [body + 42, 1],
  ] as const) {
    const octets = Buffer.from(message);
    octets[at] = value;
    t.is(read(inRecords(octets))?.kind, 'bad', String(at));
  }
  t.is(read(inRecords(Buffer.from([1, 0, 0, 2, 3, 3])))?.kind, 'bad', 'no random');
});
