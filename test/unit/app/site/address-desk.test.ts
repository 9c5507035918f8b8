// Two agents of a site and one address, over a mesh inside this process; what would move the address notes what it is told.

import test, { type ExecutionContext } from 'ava';
import { AddressDesk } from '../../../../src/app/site/address-desk.ts';
import { systemClock } from '../../../../src/base/clock.ts';
import { err, ok } from '../../../../src/base/result.ts';
import { MemoryHub } from '../../../../src/mesh/memory-hub.ts';
import { MemoryMesh } from '../../../../src/mesh/memory-mesh.ts';
import type { VirtualAddress } from '../../../../src/model/site-agent.ts';
import type { Move } from '../../../../src/site/address-mover.ts';
import { peer, recordingLogger } from '../../../support/mesh.ts';
import { eventually } from '../../../support/patience.ts';

const ADDRESS: VirtualAddress = {
  id: 'vip',
  address: '192.0.2.10/24',
  leaseMs: 60_000,
  mover: { kind: 'device', device: 'none' },
};

class Contender {
  isFit = true;
  isBroken = false;
  readonly moves: Move[] = [];
  readonly desk: AddressDesk;

  static async join(t: ExecutionContext, hub: MemoryHub, id: string): Promise<Contender> {
    const mesh = new MemoryMesh(hub, peer(id), systemClock, recordingLogger());
    await mesh.start({});
    return new Contender(t, mesh);
  }

  private constructor(t: ExecutionContext, mesh: MemoryMesh) {
    const settings = { ...ADDRESS, leaseMs: 600 };
    this.desk = new AddressDesk({
      ...{ site: 'fra', settings, mesh, clock: systemClock, log: recordingLogger(), random: () => 0.5 },
      isFit: () => this.isFit,
      move: async (_, move) => {
        this.moves.push(move);
        const isRefused = this.isBroken && move.verb === 'take';
        return isRefused ? err({ severity: 'error', code: 'ERR_ADDRESS_MOVE', message: 'no such device' }) : ok(undefined);
      },
    });
    t.teardown(() => this.desk.close());
  }

  is(isOurs: boolean): Promise<void> {
    return eventually(
      () => this.desk.report().isOurs === isOurs,
      () => JSON.stringify(this.desk.report()),
    );
  }

  get verbs(): readonly string[] {
    return this.moves.map(({ verb }) => verb).filter((verb, i, all) => verb !== all[i - 1]);
  }
}

const hubOf = (): MemoryHub => new MemoryHub({ clock: systemClock, logger: recordingLogger(), stateDirectory: null });

test('one has the address, the other knows who, and gets it when the first one stops', async (t) => {
  const hub = hubOf();
  const [a, b] = [await Contender.join(t, hub, 'a'), await Contender.join(t, hub, 'b')];
  a.desk.start();
  await a.is(true);
  b.desk.start();
  await eventually(
    () => b.desk.report().holder === 'a',
    () => JSON.stringify(b.desk.report()),
  );
  t.false(b.desk.report().isOurs);
  const { token } = a.desk.report();
  await a.desk.close();
  t.deepEqual(
    a.verbs,
    ['release', 'take', 'renew', 'release'].filter((verb) => a.verbs.includes(verb)),
  );
  t.is(a.verbs.at(-1), 'release');
  await b.is(true);
  t.true(b.desk.report().token > token);
  t.like(
    b.moves.find(({ verb }) => verb === 'take'),
    { token: b.desk.report().token },
  );
});

test('who cannot serve any more leaves the address to the other', async (t) => {
  const hub = hubOf();
  const [a, b] = [await Contender.join(t, hub, 'a'), await Contender.join(t, hub, 'b')];
  a.desk.start();
  await a.is(true);
  b.desk.start();
  a.isFit = false;
  await b.is(true);
  t.false(a.desk.report().isOurs);
  t.is(a.verbs.at(-1), 'release');
});

test('who cannot bring it to its machine says why, and leaves it to the other', async (t) => {
  const hub = hubOf();
  const [a, b] = [await Contender.join(t, hub, 'a'), await Contender.join(t, hub, 'b')];
  a.isBroken = true;
  a.desk.start();
  await eventually(
    () => a.desk.report().trouble === 'no such device',
    () => JSON.stringify(a.desk.report()),
  );
  b.desk.start();
  await b.is(true);
  t.deepEqual(a.verbs.slice(0, 3), ['release', 'take', 'release']);
});
