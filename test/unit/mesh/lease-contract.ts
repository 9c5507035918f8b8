// What every mesh promises of leases: this suite runs over each implementation.

import type { LeaseAnswer } from '../../../src/model/mesh.ts';
import type { Witness } from '../../support/mesh.ts';
import { eventually } from '../../support/patience.ts';
import { checksOf, type Engine } from './contract.ts';

/** Long: nobody loses it because the machine is busy. */
const LONG_MS = 600_000;
const SHORT_MS = 1000;

export function leaseContract(kind: string, open: () => Promise<Engine>): void {
  const check = checksOf(kind, open);

  const ask = async ({ mesh }: Witness, ttlMs = LONG_MS, token = 0, name = 'vip'): Promise<LeaseAnswer> => {
    const answer = await mesh.takeLease(name, { ttlMs, token });
    if (!answer.ok) throw new Error(answer.error.message);
    return answer.value;
  };

  /** A lease that never was is given once whoever might hold it has been waited for. */
  async function first(witness: Witness, name = 'vip'): Promise<LeaseAnswer> {
    let answer = await ask(witness, SHORT_MS, 0, name);
    await eventually(
      async () => {
        if (!answer.isOurs) answer = await ask(witness, SHORT_MS, 0, name);
        return answer.isOurs;
      },
      () => `nobody has it: ${JSON.stringify(answer)}`,
    );
    return ask(witness, LONG_MS, answer.token, name);
  }

  check('one has a lease, renews it, and all others are told who it is', async (t, { member }) => {
    const [a, b] = [await member('a'), await member('b')];
    const taken = await first(a);
    t.like(taken, { isOurs: true, holder: 'a' });
    t.true(taken.leftMs > 0 && taken.leftMs <= LONG_MS);
    t.like(await ask(b), { isOurs: false, holder: 'a', token: taken.token });
    t.like(await ask(a, LONG_MS, taken.token), { isOurs: true, token: taken.token });
  });

  check('who gets a lease after somebody else has a greater token', async (t, { member }) => {
    const [a, b] = [await member('a'), await member('b')];
    const before = await first(a);
    a.mesh.releaseLease('vip', before.token);
    let after = await ask(b);
    await eventually(
      async () => {
        if (!after.isOurs) after = await ask(b);
        return after.isOurs;
      },
      () => JSON.stringify(after),
    );
    t.true(after.token > before.token, `${after.token} after ${before.token}`);
    t.like(await ask(a), { isOurs: false, holder: 'b' });
  });

  check('a lease that is not renewed runs out', async (t, { member }) => {
    const [a, b] = [await member('a'), await member('b')];
    const before = await first(a);
    t.true((await ask(a, SHORT_MS, before.token)).isOurs);
    let after = await ask(b, SHORT_MS);
    await eventually(
      async () => {
        if (!after.isOurs) after = await ask(b, SHORT_MS);
        return after.isOurs;
      },
      () => JSON.stringify(after),
    );
    t.true(after.token > before.token);
  });

  check('a process that was started again is not its former self', async (t, { member }) => {
    const before = await first(await member('a', { epoch: 1 }));
    const again = await member('a', { epoch: 2 });
    t.like(await ask(again), { isOurs: false, holder: 'a', token: before.token });
  });

  check('whoever is not the holder releases nothing, and leases of other names are others', async (t, { member }) => {
    const [a, b] = [await member('a'), await member('b')];
    const { token } = await first(a);
    b.mesh.releaseLease('vip', token);
    a.mesh.releaseLease('vip', token - 1);
    t.like(await ask(b), { isOurs: false, holder: 'a' });
    t.like(await first(b, 'other'), { isOurs: true, holder: 'b' });
  });
}
