import test from 'ava';
import { readLoadMetrics } from '../../../src/balance/load-metrics.ts';

const READ: Record<string, Record<string, number>> = {
  'TEXT cpu_utilization=0.3, mem_utilization=0.8, named_metrics.queue=4': {
    cpu_utilization: 0.3,
    mem_utilization: 0.8,
    'named_metrics.queue': 4,
  },
  'JSON {"cpu_utilization": 0.3, "named_metrics": {"queue": 4}}': { cpu_utilization: 0.3, 'named_metrics.queue': 4 },
  '{"cpu": 1, "name": "a", "list": [1], "far": {"too": {"far": 1}}, "no name": 1}': { cpu: 1 },
  'cpu=.5\nqueue=1e3\r\n': { cpu: 0.5, queue: 1000 },
  ' cpu = -1 ; queue = +2; ': { cpu: -1, queue: 2 },
};

for (const [report, metrics] of Object.entries(READ)) {
  test(`read: ${JSON.stringify(report)}`, (t) => t.deepEqual(Object.fromEntries(readLoadMetrics(report)!), metrics));
}

for (const report of [
  '',
  'ok',
  'cpu',
  'cpu=',
  'cpu=high',
  'cpu=1=2',
  'cpu=0x10',
  'cpu=Infinity',
  '9=1',
  'cpu=1, memory',
  'JSON cpu=1',
  'JSON {',
  'JSON [1]',
  '{}',
  '{"cpu": "1"}',
  '{"cpu": 1e999}',
  'BIN CQAAAAAAAOA/',
  `cpu=1${' '.repeat(9000)}`,
]) {
  test(`no report: ${JSON.stringify(report.slice(0, 40))}`, (t) => t.is(readLoadMetrics(report), null));
}

test('a report has a bounded number of metrics', (t) => {
  const many = Array.from({ length: 500 }, (_, i) => `m${i}=1`).join(',');
  t.is(readLoadMetrics(many)!.size, 100);
});
