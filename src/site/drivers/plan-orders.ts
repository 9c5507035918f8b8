// Orders about servers of a plan: drained, down, weights until the next plan. Carried out, they are a plan again.

import type { Problem } from '../../base/errors.ts';
import type { SiteService } from '../../model/site.ts';
import type { DriverPlan, ServerRef } from '../../model/site-driver.ts';
import { problem, quote } from './problem.ts';

const keyOf = ({ serviceId, serverId }: ServerRef): string => `${serviceId}/${serverId}`;

export class PlanOrders {
  /** Each by `service/server`. */
  #drained = new Set<string>();
  #down = new Set<string>();
  #weights = new Map<string, number>();

  /** What is wrong with an order about `server`, if anything. `who`: the balancer. */
  static check(who: string, { services }: DriverPlan, { serviceId, serverId }: ServerRef): Problem | null {
    const service = services.find(({ id }) => id === serviceId);
    if (service?.servers.some(({ id }) => id === serverId)) return null;
    const [kind, name, there] =
      service === undefined
        ? ['service', serviceId, services.map(({ id }) => id)]
        : ['server', `${serviceId}/${serverId}`, service.servers.map(({ id }) => id)];
    const known = quote(there.join(', ')) || 'none';
    return problem('ERR_DRIVER_PLAN', `${who}: there is no ${kind} ${quote(name)}; there are: ${known}`);
  }

  get down(): ReadonlySet<string> {
    return this.#down;
  }

  isDrained(server: ServerRef): boolean {
    return this.#drained.has(keyOf(server));
  }

  drain(server: ServerRef, isDraining: boolean): void {
    if (isDraining) this.#drained.add(keyOf(server));
    else this.#drained.delete(keyOf(server));
  }

  setUp(server: ServerRef, isUp: boolean): void {
    if (isUp) this.#down.delete(keyOf(server));
    else this.#down.add(keyOf(server));
  }

  setWeight(server: ServerRef, weight: number): void {
    this.#weights.set(keyOf(server), weight);
  }

  copy(): PlanOrders {
    const copy = new PlanOrders();
    copy.replace(this);
    return copy;
  }

  replace(other: PlanOrders): void {
    this.#drained = new Set(other.#drained);
    this.#down = new Set(other.#down);
    this.#weights = new Map(other.#weights);
  }

  /** Those that outlive a new plan: about servers that are still there, and no weights. */
  forPlan({ services }: DriverPlan): PlanOrders {
    const there = new Set(services.flatMap(({ id, servers }) => servers.map((server) => `${id}/${server.id}`)));
    const orders = new PlanOrders();
    orders.#drained = new Set([...this.#drained].filter((key) => there.has(key)));
    orders.#down = new Set([...this.#down].filter((key) => there.has(key)));
    return orders;
  }

  /** The plan with weights as ordered; 0 for servers that drain. */
  carriedOut(plan: DriverPlan): DriverPlan {
    const services = plan.services.map((service): SiteService => {
      const servers = service.servers.map((server) => {
        const key = `${service.id}/${server.id}`;
        return { ...server, weight: this.#drained.has(key) ? 0 : (this.#weights.get(key) ?? server.weight) };
      });
      return { ...service, servers };
    });
    return { ...plan, services };
  }
}
