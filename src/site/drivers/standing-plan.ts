// The plan that a balancer carries out, and the orders about its servers since. Both change only once the balancer has taken what
// they come to.

import type { Problem } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { Applied, DriverPlan, ServerRef } from '../../model/site-driver.ts';
import { PlanOrders } from './plan-orders.ts';

/** Makes the balancer do what a plan with orders comes to. */
export type Change = (plan: DriverPlan, orders: PlanOrders) => Promise<Result<Applied, readonly Problem[]>>;

export class StandingPlan {
  readonly orders = new PlanOrders();
  readonly #who: string;
  readonly #change: Change;
  #plan: DriverPlan = { services: [], fronts: [] };

  /** `who`: the balancer, as messages name it. */
  constructor(who: string, change: Change) {
    this.#who = who;
    this.#change = change;
  }

  get plan(): DriverPlan {
    return this.#plan;
  }

  /** Another plan; orders about servers that are still there go on. */
  async take(plan: DriverPlan): Promise<Result<Applied, readonly Problem[]>> {
    const orders = this.orders.forPlan(plan);
    const applied = await this.#change(plan, orders);
    if (applied.ok) {
      this.#plan = plan;
      this.orders.replace(orders);
    }
    return applied;
  }

  async order(server: ServerRef, give: (orders: PlanOrders) => void): Promise<Result<void, Problem>> {
    const trouble = PlanOrders.check(this.#who, this.#plan, server);
    if (trouble !== null) return err(trouble);
    const orders = this.orders.copy();
    give(orders);
    const applied = await this.#change(this.#plan, orders);
    if (!applied.ok) return err(applied.error[0]!);
    this.orders.replace(orders);
    return ok(undefined);
  }
}
