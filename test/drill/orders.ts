// One order on one member, given and taken back by turns while the drill goes on, and what must become of it: acknowledged means in
// force for good, refused means never heard of; what is uncertain may be either, and says so.

import type { Problem } from '../../src/base/errors.ts';
import { indexOf, memberId } from './config.ts';
import type { Stage } from './stage.ts';

const ORDERED = indexOf('ordered');
const GLOB = memberId('ordered');
const UNCERTAIN = 'ERR_MESH_UNCERTAIN';

export type Answer = 'acknowledged' | 'uncertain' | 'refused';

export class DrillOrders {
  readonly #stage: Stage;
  /** What was acknowledged last; null = nobody can know. */
  #isDown: boolean | null = false;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Gives the order to a server, or takes it back if it is in force. */
  async toggle(server: number): Promise<Answer> {
    const { judge, servers, ledger } = this.#stage;
    const was = this.#isDown === true;
    const verb = was ? 'the order is taken back' : 'an order is given';
    // Wanted from here on: answers follow before the acknowledgement arrives.
    judge.want(ORDERED, was, performance.now());
    const common = { author: 'drill', reason: 'drill', source: 'human', forMs: null } as const;
    const reply = await servers[server]!.ask<{ problem?: Problem }>(
      was ? { command: 'recall', what: GLOB, action: 'down' } : { command: 'order', glob: GLOB, action: 'down', ...common },
    );
    const code = reply.problem?.code;
    if (code === undefined) {
      this.#isDown = !was;
      ledger.note(`${verb}: acknowledged`);
      return 'acknowledged';
    }
    ledger.note(`${verb}: ${code}`);
    if (code === UNCERTAIN) {
      this.#isDown = null;
      judge.wantAnything(ORDERED);
      return 'uncertain';
    }
    judge.want(ORDERED, !was, performance.now());
    return 'refused';
  }

  /** Every process has the orders that were acknowledged and no others. What was uncertain may be either, but the same everywhere. */
  async isKept(): Promise<boolean> {
    const { processes } = this.#stage;
    const reports = await Promise.all(processes.map((process) => process.status()));
    const sets = reports.map(({ health }) => health.overrides.overrides.some(({ glob }) => glob === GLOB));
    return sets.every((isDown) => isDown === (this.#isDown ?? sets[0]));
  }

  /** After `isKept`: what was uncertain is known from now on. */
  async settle(): Promise<void> {
    if (this.#isDown !== null) return;
    const { judge, servers, ledger } = this.#stage;
    const { overrides } = (await servers[0]!.status()).health.overrides;
    this.#isDown = overrides.some(({ glob }) => glob === GLOB);
    ledger.note(`the uncertain order turned out to be ${this.#isDown ? 'in force' : 'not in force'}`);
    judge.want(ORDERED, !this.#isDown, performance.now());
  }
}
