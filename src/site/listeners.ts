// The listeners of an agent. A change opens what is new before it touches what is there, so that a port that cannot be had costs the
// change and nothing else; what stays goes on with its connections, under its new settings; what is gone ends its connections in time.

import type { Clock } from '../base/clock.ts';
import type { Problem } from '../base/errors.ts';
import { ok } from '../base/result.ts';
import type { FlowGroup, FlowHeir, PassedFlows } from '../model/passed-flows.ts';
import { NOTHING_PASSED, type PassedSocket } from '../model/passed-socket.ts';
import type { AgentListener } from '../model/site-agent.ts';
import { type Front, makeFront, openUdp, type Services, type Surroundings } from './fronts.ts';
import { ListeningPort } from './listening.ts';
import type { ListenerReport, PurgeReport } from './report.ts';

interface Open {
  listener: AgentListener;
  readonly front: Front;
  /** null = not one of TCP. */
  readonly port: ListeningPort | null;
}

/** What a predecessor has left. */
export interface Inheritance {
  readonly passed?: PassedSocket | undefined;
  readonly flows?: PassedFlows | undefined;
}

export class Listeners {
  readonly #clock: Clock;
  readonly #around: Surroundings;
  readonly #passed: PassedSocket;
  readonly #flows: PassedFlows | null;
  #isLate = false;
  #open: readonly Open[] = [];
  /** Those that are gone, until their last connection has ended. */
  readonly #closing = new Map<Open, Promise<void>>();

  constructor(clock: Clock, around: Surroundings, { passed = NOTHING_PASSED, flows }: Inheritance = {}) {
    this.#clock = clock;
    this.#passed = passed;
    this.#flows = flows ?? null;
    this.#around = around;
  }

  /** Listens as it is told from now on; with any problem it goes on as before. `graceMs` is for connections of what is gone. */
  async change(
    listeners: readonly AgentListener[],
    services: Services,
    before: Services,
    graceMs: number,
  ): Promise<readonly Problem[]> {
    const kept = new Map<AgentListener, Open>();
    const revived: Open[] = [];
    for (const listener of listeners) {
      const isThis = (candidate: Open): boolean => isSamePlace(candidate.listener, listener);
      const open = this.#open.find(isThis);
      const closing = open === undefined ? [...this.#closing.keys()].find(isThis) : undefined;
      if (open !== undefined) kept.set(listener, open);
      else if (closing?.front.revive?.() === true) {
        kept.set(listener, closing);
        revived.push(closing);
      }
    }
    const gone = this.#open.filter((open) => ![...kept.values()].includes(open));
    const fresh: Open[] = [];
    const problems: Problem[] = [];
    for (const listener of listeners.filter((one) => !kept.has(one))) {
      // A listener that becomes one of another kind takes over the port, and its predecessor keeps the connections that it has.
      const before = gone.find((open) => isSamePort(open.listener, listener));
      problems.push(...(await this.#make(listener, services, before?.port ?? null, fresh)));
    }
    if (problems.length === 0) problems.push(...(await this.#replaceAll(kept, services, before)));
    if (problems.length > 0) {
      await Promise.all(fresh.map(({ front }) => front.close(0, 0)));
      for (const open of revived) this.#retire(open, graceMs, 0);
      return problems;
    }
    for (const { front } of fresh) {
      front.late?.(this.#isLate);
      front.begin();
    }
    for (const open of gone) this.#retire(open, graceMs, 0);
    for (const [listener, open] of kept) open.listener = listener;
    this.#open = listeners.map((listener) => kept.get(listener) ?? fresh.find((open) => open.listener === listener)!);
    return [];
  }

  get reports(): readonly ListenerReport[] {
    return this.#open.map(({ listener, front }) => ({
      listener: listener.id,
      kind: listener.kind,
      address: listener.front.address,
      port: front.port,
      connections: front.connections,
      counts: { ...front.counts } as ListenerReport['counts'],
    }));
  }

  /** Takes responses that were asked for at these places out of all caches. */
  purge(parts: readonly string[]): readonly Omit<PurgeReport, 'site'>[] {
    return this.#open.flatMap(({ listener, front }) => {
      const purged = front.purge?.(parts);
      return purged === undefined ? [] : [{ listener: listener.id, ...purged }];
    });
  }

  /** Whether the site is drained. */
  late(isLate: boolean): void {
    this.#isLate = isLate;
    for (const { front } of this.#open) front.late?.(isLate);
  }

  /** The sockets for datagrams are a successor's from now on. */
  handOver(heir: FlowHeir): readonly FlowGroup[] {
    return [...this.#open, ...this.#closing.keys()].flatMap(({ front }) => front.handOver?.(heir) ?? []);
  }

  /** Stops listening; resolves when no connection is left. */
  async close(graceMs: number, idleMs: number): Promise<void> {
    for (const open of this.#open) this.#retire(open, graceMs, idleMs);
    this.#open = [];
    await Promise.all(this.#closing.values());
  }

  #retire(open: Open, graceMs: number, idleMs: number): void {
    const closed = open.front.close(graceMs, idleMs).finally(() => {
      if (this.#closing.get(open) === closed) this.#closing.delete(open);
    });
    this.#closing.set(open, closed);
  }

  /** One that begins when it is told. `inherited` = the port of another one, which goes on until then. */
  async #make(
    listener: AgentListener,
    services: Services,
    inherited: ListeningPort | null,
    into: Open[],
  ): Promise<readonly Problem[]> {
    const named = (problem: Problem): Problem => ({ ...problem, message: `listener "${listener.id}": ${problem.message}` });
    if (listener.kind === 'udp') {
      const opened = await openUdp(listener, services, this.#clock, this.#flows, this.#around.sample);
      if (opened.ok) into.push({ listener, front: opened.value, port: null });
      return opened.ok ? [] : [named(opened.error)];
    }
    const port = inherited === null ? await ListeningPort.open(listener.front, this.#passed) : ok(inherited);
    if (!port.ok) return [named(port.error)];
    const made = await makeFront(listener, services, port.value, this.#clock, this.#around);
    if (made.ok) into.push({ listener, front: made.value, port: port.value });
    else if (inherited === null) port.value.close();
    return made.ok ? [] : made.error.map(named);
  }

  /** All of them, or none. */
  async #replaceAll(kept: ReadonlyMap<AgentListener, Open>, services: Services, before: Services): Promise<readonly Problem[]> {
    const done: Open[] = [];
    for (const [listener, open] of kept) {
      const problems = await open.front.replace(listener, services);
      if (problems.length > 0) {
        for (const { front, listener: former } of done) await front.replace(former, before);
        return problems;
      }
      done.push(open);
    }
    return [];
  }
}

const isSamePort = (a: AgentListener, b: AgentListener): boolean =>
  (a.kind === 'udp') === (b.kind === 'udp') &&
  a.front.port !== 0 &&
  a.front.port === b.front.port &&
  a.front.address === b.front.address;

/** Whether one can become the other while it runs. Where the system chose the port, the name tells who is who. */
function isSamePlace(a: AgentListener, b: AgentListener): boolean {
  // Whether there is TLS cannot change under the connections that there are.
  if (a.kind === 'http' && b.kind === 'http' && (a.front.tls === null) !== (b.front.tls === null)) return false;
  if (a.kind !== b.kind || a.front.address !== b.front.address || a.front.port !== b.front.port) return false;
  return a.front.port !== 0 || a.id === b.id;
}
