import test from 'ava';
import { siteLines } from '../../../../src/app/site/site-text.ts';
import type { ListenerReport } from '../../../../src/site/report.ts';

const listenerWith = (counts: ListenerReport['counts']): string => {
  const load = { unit: 'connections', current: 0, target: null, max: null } as const;
  const place = { address: '127.0.0.1', port: 443, connections: 2 };
  const listeners = [{ listener: 'public', kind: 'tcp', ...place, counts }] as const;
  return siteLines([{ site: 'lon', isDraining: false, driver: null, load, services: [], listeners, shared: null }]).find((line) =>
    line.includes('public'),
  )!;
};

test('of a listener is told what became of clients that were not served, and nothing of the others', (t) => {
  const counts = { accepted: 20, relayed: 5, refusedByRate: 12, refusedName: 0, stalled: 1, responses: [0, 1] };
  t.is(listenerWith(counts), '  listener public  tcp  127.0.0.1 port 443  2 open  12 refused by rate, 1 stalled');
  t.is(listenerWith({ accepted: 20, relayed: 20 }).trimEnd(), '  listener public  tcp  127.0.0.1 port 443  2 open');
});
