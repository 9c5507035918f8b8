// What every mesh promises of aggregators: results of probers reach them, their verdicts reach everybody. This suite runs over each
// implementation.

import { RESULT_BATCH_MAX_SIZE } from '../../../src/model/mesh.ts';
import { fleetVerdict } from '../../support/mesh.ts';
import { checksOf, type Engine } from './contract.ts';

const LIST = '0123456789abcdef';

export function fleetContract(kind: string, open: () => Promise<Engine>): void {
  const check = checksOf(kind, open);

  check(
    'results reach the aggregator that they are for, as they were sent and in order, and nobody else',
    async (t, { member }) => {
      const f = await member('f', { roles: ['fleet'] });
      const other = await member('g', { roles: ['fleet'] });
      const prober = await member('p', { epoch: 7 });
      await prober.sawPeers('f', 'g', 'p');
      const batches = Array.from({ length: 40 }, (_, i) => Uint8Array.of(i, 0, 0xff, 0x0a, 0x80));
      // Who joins a moment ago may not read yet: what is sent until then is lost, and the sender says it again.
      await prober.until(() => {
        prober.mesh.sendResults('f', Uint8Array.of(0xee), true);
        return f.results.length > 0;
      });
      for (const batch of batches) prober.mesh.sendResults('f', batch, false);
      const sent = batches.map((batch) => `p.7: ${Buffer.from(batch).toString('hex')}`);
      await f.until(() => f.results.includes(sent.at(-1)!));
      t.deepEqual(
        f.results.filter((text) => text !== 'p.7: ee'),
        sent,
      );
      t.deepEqual([...other.results, ...prober.results], []);
    },
  );

  check('an aggregator that probes too hears its own results', async (t, { member }) => {
    const f = await member('f', { roles: ['fleet', 'probe'] });
    f.mesh.sendResults('f', Uint8Array.of(1, 2), true);
    await f.until(() => f.results.length > 0);
    t.deepEqual(f.results, ['f.1: 0102']);
  });

  check('a batch of results that is too long is not sent but counted', async (t, { member }) => {
    const f = await member('f', { roles: ['fleet'] });
    const prober = await member('p');
    prober.mesh.sendResults('f', new Uint8Array(RESULT_BATCH_MAX_SIZE + 1), true);
    await prober.until(() => {
      prober.mesh.sendResults('f', Uint8Array.of(1), true);
      return f.results.length > 0;
    });
    t.true(f.results.every((text) => text === 'p.1: 01'));
    t.true(prober.mesh.status.ignored > 0);
  });

  check('verdicts of an aggregator reach everybody, those who join later, and itself', async (t, { member }) => {
    const f = await member('f', { roles: ['fleet'], epoch: 5 });
    const a = await member('a');
    await a.sawPeers('a', 'f');
    const [x, y, z] = [fleetVerdict('x#4'), fleetVerdict('y#4', { state: 'down', isUp: false }), fleetVerdict('z#6')];
    f.mesh.reportFleet(LIST, 1000, [x, y], []);
    await a.until(() => a.verdictsOf('f').length === 2);
    const slow = { ...x, changeSec: 2, why: 'so "it" is' };
    f.mesh.reportFleet(LIST, 2000, [slow, z], ['y#4']);
    for (const one of [a, f]) await one.until(() => one.verdictsOf('f').some(({ target }) => target === 'z#6'));
    t.deepEqual(a.verdictsOf('f'), [slow, z]);
    t.deepEqual(f.verdictsOf('f'), [slow, z]);
    const last = a.reports.at(-1)!;
    t.deepEqual([last.fleet, last.epoch, last.listHash, last.isWhole], ['f', 5, LIST, false]);
    const b = await member('b');
    await b.until(() => b.verdictsOf('f').length === 2);
    t.deepEqual(b.verdictsOf('f'), [slow, z]);
    t.true(b.reports[0]!.isWhole);
  });

  check('an aggregator that has nothing new to say is still heard', async (t, { member }) => {
    const f = await member('f', { roles: ['fleet'] });
    const a = await member('a');
    f.mesh.reportFleet(LIST, 1000, [fleetVerdict('x#4')], []);
    f.mesh.reportFleet(LIST, 2000, [], []);
    await a.until(() => a.reports.at(-1)?.atMs === 2000);
    t.is(a.verdictsOf('f').length, 1);
  });

  check('with another list of targets an aggregator begins anew', async (t, { member }) => {
    const f = await member('f', { roles: ['fleet'] });
    const a = await member('a');
    f.mesh.reportFleet(LIST, 1000, [fleetVerdict('x#4'), fleetVerdict('y#4')], []);
    await a.until(() => a.verdictsOf('f').length === 2);
    f.mesh.reportFleet('f'.repeat(16), 2000, [fleetVerdict('y#4')], []);
    await a.until(() => a.verdictsOf('f').length === 1);
    t.is(a.reports.at(-1)!.listHash, 'f'.repeat(16));
  });

  check('many verdicts of an aggregator arrive complete', async (t, { member }) => {
    const f = await member('f', { roles: ['fleet'] });
    const a = await member('a');
    await a.sawPeers('a', 'f');
    const many = (why: string) => Array.from({ length: 3000 }, (_, i) => fleetVerdict(`pool/member-${i}#4`, { why }));
    f.mesh.reportFleet(LIST, 1000, many('first'), []);
    await a.until(() => a.verdictsOf('f').length === 3000);
    f.mesh.reportFleet(LIST, 2000, many('second'), []);
    await a.until(() => a.verdictsOf('f').every(({ why }) => why === 'second'));
    t.is(a.verdictsOf('f').length, 3000);
  });

  check('a verdict that others would not understand is left out and counted', async (t, { member }) => {
    const f = await member('f', { roles: ['fleet'] });
    const a = await member('a');
    const bad = [fleetVerdict('y#4', { changeSec: 0 }), fleetVerdict('@'), fleetVerdict('z#4', { sinceMs: 0.5 })];
    f.mesh.reportFleet(LIST, 1000, [fleetVerdict('x#4'), ...bad], []);
    await a.until(() => a.verdictsOf('f').length > 0);
    t.deepEqual(a.verdictsOf('f'), [fleetVerdict('x#4')]);
    t.is(f.mesh.status.ignored, 3);
  });
}
