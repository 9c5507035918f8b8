// Balancing at layer 4 by the Linux kernel. The table is replaced whole, in one transaction, whenever something changes; connections
// that are under way do not notice.

import { readFile } from 'node:fs/promises';
import { type Clock, systemClock } from '../../../base/clock.ts';
import type { Problem } from '../../../base/errors.ts';
import { err, ok, type Result } from '../../../base/result.ts';
import type {
  Applied,
  DriverLoad,
  DriverPlan,
  NftablesSettings,
  ServerLoad,
  ServerRef,
  ServerState,
  SiteDriver,
} from '../../../model/site-driver.ts';
import { loadOfServers } from '../load.ts';
import { OneByOne } from '../one-by-one.ts';
import type { PlanOrders } from '../plan-orders.ts';
import { failure, problem, quote, warning } from '../problem.ts';
import { runProgram } from '../program.ts';
import { Rates } from '../rate.ts';
import { StandingPlan } from '../standing-plan.ts';
import { checkPlan, familyOf, isAny, leftOut } from './check-plan.ts';
import { ANY, countFlows, flowKey } from './conntrack.ts';
import { parseCounters } from './counters.ts';
import { chainOf, removal, render } from './render.ts';

/** The first that was tried with what we write (1.0.6). */
const LEAST_VERSION = 1;
const LOOK_INTERVAL_MS = 5000;
const CONNTRACK = '/proc/net/nf_conntrack';
const FORWARDING = { 4: '/proc/sys/net/ipv4/ip_forward', 6: '/proc/sys/net/ipv6/conf/all/forwarding' } as const;

export class Nftables implements SiteDriver {
  readonly checksServers = false;
  readonly #settings: NftablesSettings;
  readonly #clock: Clock;
  readonly #turns = new OneByOne();
  readonly #standing = new StandingPlan('nftables', (plan, orders) => this.#change(plan, orders));
  readonly #rates = new Rates();
  #text = '';
  #isVersionRight = false;
  /** Counters begin anew with each table. */
  #generation = 0;
  #lookedMs = Number.NEGATIVE_INFINITY;

  constructor(settings: NftablesSettings, clock: Clock = systemClock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  apply(plan: DriverPlan): Promise<Result<Applied, readonly Problem[]>> {
    return this.#turns.run(async () => {
      const trouble = this.#isVersionRight ? null : await this.#checkVersion();
      if (trouble !== null) return err([trouble]);
      this.#isVersionRight = true;
      const applied = await this.#standing.take(plan);
      if (!applied.ok) return applied;
      return ok({ ...applied.value, warnings: [...leftOut(plan), ...(await forwardingMissing(plan))] });
    });
  }

  drain(server: ServerRef, isDraining: boolean): Promise<Result<void, Problem>> {
    return this.#order(server, (orders) => orders.drain(server, isDraining));
  }

  setWeight(server: ServerRef, weight: number): Promise<Result<void, Problem>> {
    return this.#order(server, (orders) => orders.setWeight(server, weight));
  }

  setUp(server: ServerRef, isUp: boolean): Promise<Result<void, Problem>> {
    return this.#order(server, (orders) => orders.setUp(server, isUp));
  }

  /** Whoever loads a firewall anew commonly begins with "flush ruleset": our table is gone then. Looked at every few seconds. */
  mend(): Promise<Result<string | null, Problem>> {
    return this.#turns.run(async () => {
      const nowMs = this.#clock.monotonicMs();
      if (this.#text === '' || nowMs - this.#lookedMs < LOOK_INTERVAL_MS) return ok(null);
      this.#lookedMs = nowMs;
      const tables = await this.#nft('', ['list', 'tables', 'inet']);
      if (!tables.ok) return tables;
      const { table } = this.#settings;
      if (tables.value.split('\n').some((line) => line.trim() === `table inet ${table}`)) return ok(null);
      const done = await this.#nft(this.#text);
      if (!done.ok) return done;
      this.#generation++;
      return ok(`nftables: the table ${table} had been removed by somebody: made again`);
    });
  }

  readLoad(): Promise<Result<DriverLoad, Problem>> {
    return this.#turns.run(async () => {
      const counted = await (this.#settings.measure === 'connections' ? this.#underWay() : this.#perSecond());
      if (!counted.ok) return counted;
      const servers = this.#standing.orders.carriedOut(this.#standing.plan).services.flatMap(({ id: serviceId, servers }, s) =>
        servers.map(({ id: serverId, weight, maxActive }, i): ServerLoad => {
          const current = counted.value.get(chainOf(s, i)) ?? 0;
          const state = this.#stateOf({ serviceId, serverId }, weight);
          const max = this.#settings.measure === 'connections' ? maxActive : null;
          return { serviceId, serverId, state, current, max, waiting: 0, weight };
        }),
      );
      return ok(loadOfServers(servers, this.#settings.max));
    });
  }

  close(): Promise<void> {
    return this.#turns.run(async () => {
      if (this.#settings.isRemovedOnClose && this.#text !== '') await this.#nft(removal(this.#settings.table));
      this.#text = '';
    });
  }

  #stateOf(server: ServerRef, weight: number): ServerState {
    if (this.#standing.orders.down.has(`${server.serviceId}/${server.serverId}`)) return 'down';
    return weight === 0 ? 'draining' : 'up';
  }

  #order(server: ServerRef, change: (orders: PlanOrders) => void): Promise<Result<void, Problem>> {
    return this.#turns.run(() => this.#standing.order(server, change));
  }

  async #change(plan: DriverPlan, orders: PlanOrders): Promise<Result<Applied, readonly Problem[]>> {
    const wanted = orders.carriedOut(plan);
    const problems = checkPlan(wanted, this.#settings);
    if (problems.length > 0) return err(problems);
    const text = render(wanted, this.#settings, orders.down);
    if (text === this.#text) return ok({ by: 'nothing', warnings: [] });
    const done = await this.#nft(text);
    if (!done.ok) return err([done.error]);
    this.#text = text;
    this.#generation++;
    return ok({ by: 'reload', warnings: [] });
  }

  /** By chain. */
  async #underWay(): Promise<Result<ReadonlyMap<string, number>, Problem>> {
    const flows = await countFlows(CONNTRACK, this.#settings.timeoutMs);
    if (!flows.ok) return flows;
    const { services, fronts } = this.#standing.plan;
    const counts = new Map<string, number>();
    for (const { serviceId, protocol, settings } of fronts) {
      const s = services.findIndex(({ id }) => id === serviceId);
      for (const [i, server] of services[s]!.servers.entries()) {
        const address = isAny(settings.address) ? ANY : settings.address;
        const key = flowKey(protocol, address, settings.port, server.address, server.port);
        counts.set(chainOf(s, i), (counts.get(chainOf(s, i)) ?? 0) + (flows.value.get(key) ?? 0));
      }
    }
    return ok(counts);
  }

  async #perSecond(): Promise<Result<ReadonlyMap<string, number>, Problem>> {
    const listed = await this.#nft('', ['-j', 'list', 'counters', 'table', 'inet', this.#settings.table]);
    if (!listed.ok) return listed;
    const counters = parseCounters(listed.value);
    if (!counters.ok) return counters;
    const nowMs = this.#clock.monotonicMs();
    const rates = new Map<string, number>();
    for (const [name, count] of counters.value) {
      rates.set(name, this.#rates.perSecond(`${this.#generation} ${name}`, count, nowMs));
    }
    this.#rates.turn();
    return ok(rates);
  }

  /** Something else with this name might do nothing, and say that all is well. */
  async #checkVersion(): Promise<Problem | null> {
    const { program } = this.#settings;
    const said = await this.#nft('', ['--version']);
    if (!said.ok) return said.error;
    const version = /^nftables v(\d+)\.(\d+)/.exec(said.value);
    const needed = `nftables: ${program}: nftables ${LEAST_VERSION} or newer is needed`;
    if (version === null) return problem('ERR_DRIVER_PROGRAM', `${needed}, found "${quote(said.value.slice(0, 80))}"`);
    if (Number(version[1]) >= LEAST_VERSION) return null;
    return problem('ERR_DRIVER_PROGRAM', `${needed}, found ${version[1]}.${version[2]}`);
  }

  async #nft(input: string, args: readonly string[] = ['-f', '-']): Promise<Result<string, Problem>> {
    const { program, timeoutMs } = this.#settings;
    const ended = await runProgram([program, ...args], { timeoutMs, input, package_: 'nftables' });
    if (!ended.ok) return ended;
    const { code, stdout, stderr } = ended.value;
    if (code === 0) return ok(stdout);
    const said = stderr.split('\n')[0] ?? '';
    const hint = /not permitted/i.test(said) ? ' (this needs the capability CAP_NET_ADMIN)' : '';
    return failure('ERR_DRIVER_REFUSED', `nftables: ${program} says: ${quote(said) || `exit code ${code}`}${hint}`);
  }
}

/** Clients elsewhere get to servers elsewhere only if the kernel passes packets on. */
async function forwardingMissing({ services, fronts }: DriverPlan): Promise<Problem[]> {
  const families = new Set(services.flatMap(({ servers }) => servers.map(({ address }) => familyOf(address)!)));
  if (fronts.length === 0) return [];
  const warnings: Problem[] = [];
  for (const family of families) {
    const setting = await readFile(FORWARDING[family], 'utf8').catch(() => '');
    if (setting.trim() !== '0') continue;
    const message = `${FORWARDING[family]} is 0: clients on other machines do not get through; set it to 1`;
    warnings.push(warning('ERR_DRIVER_UNSUPPORTED', `nftables: ${message}`));
  }
  return warnings;
}
