import test from 'ava';
import type { StatusReport } from '../../../../src/app/process/reports.ts';
import { statusText } from '../../../../src/app/text/status-text.ts';
import { COUNTER, type CounterName } from '../../../../src/metrics/counters.ts';
import { healthReport, NOW_MS } from '../../../support/health-reports.ts';

const textOf = (...[counts]: Parameters<typeof report>): string => statusText(report(counts), NOW_MS, false);

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
    capacity: null,
    loads: [],
    addresses: [],
    health: healthReport(),
    site: [],
    servers: [],
  };
}

test('a server that has answered nothing shows what it serves and no counters', (t) => {
  t.deepEqual(textOf({}).split('\n'), [
    'version                   1.2.3, process 7, up 60 s, load 1',
    'listening                 192.0.2.1 port 53',
    'workers                   1 of 2 alive',
    'cells                     6',
    'zone                      example.test. serial 4, 5 records',
    'mesh                      none, this process alone (memory)',
    'this process              fra-1 in europe: dns, probe',
    'members                   0 of 0 up; concluded 0.2 s ago',
  ]);
});

test('a process that only probes says nothing of sockets', (t) => {
  const lines = statusText({ ...report({}), endpoints: [], zones: [] }, NOW_MS, false).split('\n');
  t.deepEqual(
    lines.map((line) => line.slice(0, 26).trim()),
    ['version', 'mesh', 'this process', 'members'],
  );
});

test('counters that are not zero stand under their subject, those of one metric on one line', (t) => {
  const counts = { UDP_QUERIES: 10, STREAM_QUERIES: 2, REPLIES_NOERROR: 11, REPLIES_FORMERR: 1, TCP_ACCEPTED: 9, TCP_CLOSED: 6 };
  const lines = textOf({ ...counts, TCP_EVICTED: 3, TCP_SLOW: 1, UDP_OVERFLOWED: 4, GSLB_ANSWERS: 8, STEERING_SWAPS: 2 }).split(
    '\n',
  );
  t.deepEqual(lines.slice(8), [
    '',
    'Traffic',
    '  queries                 udp 10, stream 2',
    '  replies                 NOERROR 11, FORMERR 1',
    '',
    'Health',
    '  health steering swaps   2',
    '',
    'Steering',
    '  gslb answers            answer 8',
    '',
    'UDP',
    '  udp errors              overflow 4',
    '',
    'TCP',
    '  tcp connections         9',
    '  tcp cut off             evicted 3, slow 1',
    '  tcp closed              6',
    '  tcp open now            3',
  ]);
});

test('every counter is printed once it counts', (t) => {
  for (const name of Object.keys(COUNTER) as CounterName[]) {
    t.true(textOf({ [name]: 4711 }).includes('4711'), name);
  }
});
