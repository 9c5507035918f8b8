// Which servers have failed a request, and which one is next: within the attempts of its route and the retry budget of its service.

import { NONE } from '../../balance/chooser.ts';
import type { Service } from '../service.ts';

export class Tries {
  readonly #failed: number[] = [];
  /** Of the budget. */
  #isCounted = false;

  /**
   * The slot of another server than `slot`; NONE = there is none, or no more may be tried. `most` servers in all. Outside of the budget
   * is only what the server never had (it refused the connection): that work is not done twice, and would go to the others anyway.
   */
  next(service: Service, slot: number, key: number, most: number, isBudgeted: boolean): number {
    if (this.#failed.length + 1 >= most) return NONE;
    this.end(service);
    this.#isCounted = isBudgeted && service.retries.tryBegin(service.active);
    if (isBudgeted && !this.#isCounted) return NONE;
    this.#failed.push(slot);
    const next = service.another(key, this.#failed);
    if (next === NONE) this.#failed.pop();
    return next;
  }

  /** Nothing more is tried: the budget has its part back. */
  end(service: Service): void {
    if (this.#isCounted) service.retries.end();
    this.#isCounted = false;
  }
}
