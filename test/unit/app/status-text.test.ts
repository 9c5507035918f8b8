import test from 'ava';
import type { StatusReport } from '../../../src/app/server.ts';
import { statusText } from '../../../src/app/status-text.ts';
import { COUNTER, type CounterName } from '../../../src/metrics/counters.ts';

function report(counts: Partial<Record<CounterName, number>>): StatusReport {
  const zeros = Object.fromEntries(Object.keys(COUNTER).map((name) => [name, 0])) as Record<CounterName, number>;
  return {
    version: '1.2.3',
    pid: 7,
    upSec: 60,
    endpoints: [{ address: '192.0.2.1', port: 53 }],
    workers: { alive: 1, wanted: 2 },
    generation: 1,
    zones: [{ name: 'example.test.', serial: 4, records: 5 }],
    cells: 6,
    counters: { ...zeros, ...counts },
    health: {
      mesh: { kind: 'memory', state: 'joined', ageMs: 0, ignored: 0, trouble: null },
      self: { id: 'a', region: 'eu', roles: ['dns', 'probe'], isWithdrawn: false },
      peers: [],
      concludedAgeMs: 0,
      members: [],
      overrides: { version: 0, overrides: [] },
      idleOrders: [],
    },
  };
}

test('a server that has answered nothing shows what it serves and no counters', (t) => {
  t.deepEqual(statusText(report({})).split('\n'), [
    'version               1.2.3, process 7, up 60 s, load 1',
    'listening             192.0.2.1 port 53',
    'workers               1 of 2 alive',
    'cells                 6',
    'zone                  example.test. serial 4, 5 records',
  ]);
});

test('counters that are not zero stand under their subject, those of one metric on one line', (t) => {
  const counts = { UDP_QUERIES: 10, STREAM_QUERIES: 2, REPLIES_NOERROR: 11, REPLIES_FORMERR: 1, TCP_ACCEPTED: 9, TCP_CLOSED: 6 };
  const lines = statusText(report({ ...counts, TCP_EVICTED: 3, TCP_SLOW: 1, UDP_OVERFLOWED: 4, GSLB_ANSWERS: 8 })).split('\n');
  t.deepEqual(lines.slice(5), [
    '',
    'Traffic',
    '  queries             udp 10, stream 2',
    '  replies             NOERROR 11, FORMERR 1',
    '',
    'Steering',
    '  gslb answers        answer 8',
    '',
    'UDP',
    '  udp errors          overflow 4',
    '',
    'TCP',
    '  tcp connections     9',
    '  tcp cut off         evicted 3, slow 1',
    '  tcp closed          6',
    '  tcp open now        3',
  ]);
});

test('every counter is printed once it counts', (t) => {
  for (const name of Object.keys(COUNTER) as CounterName[]) {
    t.true(statusText(report({ [name]: 4711 })).includes('4711'), name);
  }
});
