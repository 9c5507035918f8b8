// Retries help against a fault here and there, and make an overload worse. So they may be no more than a share of what is under way,
// with a few always allowed. Source: Envoy's retry budget, 20 % and at least 3 (here 20: see the setting).

import type { RetryRule } from '../model/site.ts';

export class RetryBudget {
  #rule: RetryRule;
  #retries = 0;

  constructor(rule: RetryRule) {
    this.#rule = rule;
  }

  /** Another rule; retries under way stay counted. */
  configure(rule: RetryRule): void {
    this.#rule = rule;
  }

  /** Retries under way. */
  get retries(): number {
    return this.#retries;
  }

  /** Begins a retry if there is room; `active` are all requests under way, retries among them. */
  tryBegin(active: number): boolean {
    if (this.#retries >= Math.max(this.#rule.least, (active * this.#rule.percent) / 100)) return false;
    this.#retries++;
    return true;
  }

  /** A retry that began has ended, however. */
  end(): void {
    this.#retries--;
  }
}
