import test from 'ava';
import { listDescriptors, matchSockets, shareOfWorker } from '../../../../src/app/answering/inherited-sockets.ts';
import type { BoundSocket } from '../../../../src/transport/socket-table.ts';

const V4 = { address: '192.0.2.1', port: 53 };
const V6 = { address: '2001:db8::1', port: 53 };

const socket = (protocol: 'udp' | 'tcp', endpoint = V4): BoundSocket => ({ protocol, endpoint, uid: 0, inode: 7 });

test('descriptors count from 3, with the names they were given', (t) => {
  const { descriptors, problems } = listDescriptors({ LISTEN_PID: '42', LISTEN_FDS: '3', LISTEN_FDNAMES: 'dns:dns-tcp' }, 42);
  t.deepEqual(problems, []);
  t.deepEqual(descriptors, [
    { fd: 3, name: 'dns' },
    { fd: 4, name: 'dns-tcp' },
    { fd: 5, name: 'unknown' },
  ]);
});

test('without the variables nothing is inherited', (t) => {
  for (const env of [{}, { LISTEN_PID: '42' }, { LISTEN_FDS: '1' }]) {
    t.deepEqual(listDescriptors(env, 42), { descriptors: [], problems: [] });
  }
});

test('sockets for another process are left alone, with a warning that tells what to do', (t) => {
  const { descriptors, problems } = listDescriptors({ LISTEN_PID: '41', LISTEN_FDS: '1' }, 42);
  t.deepEqual(descriptors, []);
  t.is(problems[0]!.severity, 'warning');
  t.regex(problems[0]!.message, /to process 41 and this is 42; they are not used: start node itself/);
});

for (const count of ['', 'two', '-1', '1e3', '99999']) {
  test(`a number of descriptors that is none is refused: "${count}"`, (t) => {
    const { problems } = listDescriptors({ LISTEN_PID: '42', LISTEN_FDS: count }, 42);
    t.is(problems[0]!.code, 'ERR_INHERITED_SOCKET');
    t.is(problems[0]!.severity, 'error');
  });
}

test('sockets are sorted by endpoint and protocol, whatever their order', (t) => {
  const sockets = new Map([
    [3, socket('tcp', V6)],
    [4, socket('udp', V4)],
    [5, socket('udp', V6)],
    [6, socket('udp', V4)],
  ]);
  const descriptors = [...sockets.keys()].map((fd) => ({ fd, name: 'dns' }));
  const matched = matchSockets(descriptors, [V4, V6], (fd) => sockets.get(fd));
  t.deepEqual(matched.problems, []);
  t.deepEqual(matched.sockets, [
    { udp: [4, 6], tcp: [] },
    { udp: [5], tcp: [3] },
  ]);
});

test('every socket of no use is named, with what it is and what would be of use', (t) => {
  const sockets = new Map([
    [3, socket('udp', V4)],
    [4, socket('tcp', V6)],
  ]);
  const descriptors = [3, 4, 5].map((fd) => ({ fd, name: `name-${fd}` }));
  const matched = matchSockets(descriptors, [V4], (fd) => sockets.get(fd));
  t.is(matched.sockets, undefined);
  t.deepEqual(
    matched.problems.map(({ code, message }) => `${code} ${message}`),
    [
      'ERR_INHERITED_SOCKET inherited socket 4 (name-4) is tcp [2001:db8::1]:53, which server.listen does not have; it has 192.0.2.1:53',
      'ERR_INHERITED_SOCKET inherited socket 5 (name-5) is neither a bound UDP socket nor a listening TCP socket; pass no other (ListenDatagram=, ListenStream=)',
    ],
  );
});

test('a single socket is shared by all workers', (t) => {
  t.deepEqual(shareOfWorker([9], 0, 3), [9]);
  t.deepEqual(shareOfWorker([9], 2, 3), [9]);
});

test('several sockets are dealt out so that each is read by somebody', (t) => {
  for (let workers = 1; workers <= 6; workers++) {
    for (let count = 1; count <= 8; count++) {
      const sockets = Array.from({ length: count }, (_, i) => 3 + i);
      const shares = Array.from({ length: workers }, (_, row) => shareOfWorker(sockets, row, workers));
      t.deepEqual(
        [...new Set(shares.flat())].sort((a, b) => a - b),
        sockets,
        `${count} sockets, ${workers} workers`,
      );
      t.true(shares.every((share) => share.length >= 1));
    }
  }
});

test('where there are no sockets nobody has a share', (t) => {
  t.deepEqual(shareOfWorker([], 0, 2), []);
});
