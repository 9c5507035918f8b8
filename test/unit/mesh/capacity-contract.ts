// What every mesh promises of loads, demand and the shared spill step: this suite runs over each implementation.

import { type AgentReport, NETWORKS_MAX, SAMPLE_MAX } from '../../../src/model/capacity.ts';
import { DEMAND_MAX_CLASSES, SPILL_MAX_LENGTH } from '../../../src/model/mesh.ts';
import { loadReport } from '../../support/mesh.ts';
import { checksOf, type Engine } from './contract.ts';

export function capacityContract(kind: string, open: () => Promise<Engine>): void {
  const check = checksOf(kind, open);

  check('what an agent says of its site reaches everybody, those who join later too', async (t, { member }) => {
    const agent = await member('agent', { roles: ['site'] });
    const a = await member('a');
    const said = loadReport('agent', 1, { target: 900, max: 1200.5, isDraining: true });
    agent.mesh.reportLoad(said);
    await a.until(() => a.loads.length > 0);
    t.deepEqual(a.loads, [said]);
    const b = await member('b');
    await b.until(() => b.loads.length > 0);
    t.deepEqual(b.loads, [said]);
  });

  check(
    'the newest report of each agent counts, and those of several agents of a site stand side by side',
    async (t, { member }) => {
      const a = await member('a');
      const [one, two] = [await member('one'), await member('two')];
      one.mesh.reportLoad(loadReport('one', 1));
      two.mesh.reportLoad(loadReport('two', 1, { current: 7 }));
      one.mesh.reportLoad(loadReport('one', 2, { current: 250 }));
      await a.until(() => a.loads.length === 2 && a.loads[0]!.seq === 2);
      t.deepEqual(
        a.loads.map(({ agent, current }) => [agent, current]),
        [
          ['one', 250],
          ['two', 7],
        ],
      );
    },
  );

  check('an older report of an agent does not come after a newer one, a restarted agent is heard', async (t, { member }) => {
    const a = await member('a');
    const agent = await member('agent');
    const later = (report: AgentReport): Promise<void> => {
      agent.mesh.reportLoad(report);
      return a.until(() => a.loads.some(({ epoch, seq }) => epoch === report.epoch && seq === report.seq));
    };
    await later(loadReport('agent', 500, { epoch: 5 }));
    agent.mesh.reportLoad(loadReport('agent', 499, { epoch: 5, current: 1 }));
    agent.mesh.reportLoad(loadReport('agent', 900, { epoch: 4, current: 2 }));
    await later(loadReport('agent', 501, { epoch: 5, current: 3 }));
    await later(loadReport('agent', 1, { epoch: 6, current: 4 }));
    const told = a.log.flatMap((happening) => (happening.kind === 'loads' ? happening.loads.map(({ current }) => current) : []));
    t.deepEqual([...new Set(told)], [100, 3, 4]);
  });

  check(
    'the round trips that an agent has measured reach everybody, bounded and believed only as networks',
    async (t, { member }) => {
      const agent = await member('agent', { roles: ['site'] });
      const clientRtts = ['192.0.2.0/24', '2001:db8:1::/48'].map((network) => ({
        ...{ network, connections: 7, leastUs: 900, smoothedUs: 1250 },
      }));
      let seq = 0;
      const a = await member('a');
      // As agents do: again and again, since round trips may come later than the load.
      await a.until(() => {
        agent.mesh.reportLoad(loadReport('agent', ++seq, { clientRtts }));
        return a.loads[0]?.clientRtts.length === 2;
      });
      t.deepEqual(a.loads[0]!.clientRtts, clientRtts);
      const [one] = clientRtts;
      const bad = [
        [{ ...one!, network: '192.0.2.1/32' }],
        [{ ...one!, network: 'somewhere' }],
        [{ ...one!, connections: 0.5 }],
        [{ ...one!, leastUs: -1 }],
        [{ ...one!, smoothedUs: Number.NaN }],
        Array.from({ length: NETWORKS_MAX + 1 }, () => one!),
      ];
      const { ignored } = agent.mesh.status;
      for (const [i, each] of bad.entries()) agent.mesh.reportLoad(loadReport('agent', seq + 1 + i, { clientRtts: each }));
      t.is(agent.mesh.status.ignored, ignored + bad.length);
    },
  );

  check('the sample that an agent has taken of its clients reaches everybody, with its round trips', async (t, { member }) => {
    const agent = await member('agent', { roles: ['site'] });
    const clients = [
      { network: '192.0.2.0/24', parts: SAMPLE_MAX - 1 },
      { network: '2001:db8:1::/48', parts: 1 },
    ];
    const clientRtts = [{ network: '192.0.2.0/24', connections: 7, leastUs: 900, smoothedUs: 1250 }];
    let seq = 0;
    const a = await member('a');
    await a.until(() => {
      agent.mesh.reportLoad(loadReport('agent', ++seq, { clients, clientRtts }));
      return a.loads[0]?.clients.length === 2;
    });
    t.deepEqual(a.loads[0]!.clients, clients);
    await a.until(() => {
      agent.mesh.reportLoad(loadReport('agent', ++seq, { clients, clientRtts }));
      return a.loads[0]?.clientRtts.length === 1;
    });
    t.deepEqual(a.loads[0]!.clientRtts, clientRtts);
    const { ignored } = agent.mesh.status;
    agent.mesh.reportLoad(loadReport('agent', ++seq, { clients: [...clients, { network: '192.0.3.0/24', parts: 1 }] }));
    t.is(agent.mesh.status.ignored, ignored + 1);
  });

  check('a report of what cannot be is not sent but counted', async (t, { member }) => {
    const a = await member('a');
    const bad: readonly Partial<AgentReport>[] = [
      { current: -1 },
      { current: Number.NaN },
      { current: Number.POSITIVE_INFINITY },
      { target: -5 },
      { max: Number.NaN, target: 1e300 },
      { unit: 'furlongs' as 'Mbit/s' },
      { site: '' },
      { site: 'x'.repeat(1000) },
      { epoch: 0.5 },
    ];
    for (const [i, more] of bad.entries()) a.mesh.reportLoad(loadReport('bad', i + 1, more));
    // what is no number has become null on its way: no limit given
    const { ignored } = a.mesh.status;
    a.mesh.reportLoad(loadReport('good', 1));
    await a.until(() => a.loads.some(({ agent }) => agent === 'good'));
    t.deepEqual(
      a.loads.map(({ agent }) => agent),
      ['good'],
    );
    t.is(ignored, bad.length);
  });

  check('what each DNS server was asked reaches everybody, and goes when the server leaves', async (t, { member }) => {
    const a = await member('a');
    const b = await member('b');
    b.mesh.reportDemand(
      new Map([
        ['x', 12.5],
        ['y', 0],
      ]),
    );
    await a.until(() => a.demands.includes('b x=12.5'));
    a.mesh.reportDemand(new Map([['x', 3]]));
    await b.until(() => b.demands.length === 2);
    t.deepEqual(b.demands, ['a x=3', 'b x=12.5']);
    await b.mesh.close();
    await a.until(() => {
      a.mesh.reportDemand(new Map([['x', 4]]));
      return a.demands.join() === 'a x=4';
    });
    t.pass();
  });

  check('of demand in very many classes the greatest part is sent', async (t, { member }) => {
    const a = await member('a');
    const b = await member('b');
    b.mesh.reportDemand(new Map(Array.from({ length: DEMAND_MAX_CLASSES + 500 }, (_, i) => [`c${i}`, i + 1])));
    await a.until(() => a.demands.length > 0);
    const [server, ...classes] = a.demands[0]!.split(' ');
    t.is(server, 'b');
    t.is(classes.length, DEMAND_MAX_CLASSES);
    t.false(classes.includes('c499=500'));
  });

  check('a shared step reaches the others and those who join later', async (t, { member }) => {
    const a = await member('a');
    const b = await member('b');
    const step = { tick: 7, mark: 'a.1', text: JSON.stringify({ long: 'ä "x" '.repeat(10_000) }) };
    a.mesh.shareSpill(null, step);
    await b.until(() => b.spills.length > 0);
    t.deepEqual(b.spills, [step]);
    t.deepEqual(b.mesh.spill, step);
    await a.until(() => a.mesh.spill?.tick === 7);
    const c = await member('c');
    await c.until(() => c.mesh.spill !== null);
    t.deepEqual(c.mesh.spill, step);
  });

  check('of two steps from one base the first is taken, and whoever was second is told it', async (t, { member }) => {
    const a = await member('a');
    const b = await member('b');
    const [base, first, second] = [1, 2, 2].map((tick, i) => ({ tick, mark: `m${i}`, text: `text ${i}` }));
    a.mesh.shareSpill(null, base!);
    await b.until(() => b.mesh.spill?.tick === 1);
    a.mesh.shareSpill(base!, first!);
    await a.until(() => a.mesh.spill?.tick === 2);
    b.mesh.shareSpill(base!, second!);
    await b.until(() => b.spills.some(({ mark }) => mark === 'm1'));
    t.deepEqual(b.mesh.spill, first);
    t.deepEqual(a.mesh.spill, first);
    t.false(a.spills.some(({ mark }) => mark === 'm2'));
  });

  check('a step that is too long is not shared but counted', async (t, { member }) => {
    const a = await member('a');
    a.mesh.shareSpill(null, { tick: 1, mark: 'x', text: 'x'.repeat(SPILL_MAX_LENGTH + 1) });
    t.is(a.mesh.status.ignored, 1);
    t.is(a.mesh.spill, null);
  });
}
