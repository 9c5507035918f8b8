// The listeners of an agent. A change opens what is new before it touches what is there, so that a port that cannot be had costs the
// change and nothing else; what stays goes on with its connections, under its new settings; what is gone ends its connections in time.

import type { Clock } from '../base/clock.ts';
import type { Problem } from '../base/errors.ts';
import type { Result } from '../base/result.ts';
import { NOTHING_PASSED, type PassedSocket } from '../model/passed-socket.ts';
import type { AgentListener } from '../model/site-agent.ts';
import { TcpFront } from './l4/tcp-front.ts';
import { HttpFront } from './l7/http-front.ts';
import { LineServer } from './line-server.ts';
import { agentCheckLine, loadResponse } from './load-text.ts';
import type { ListenerReport, SiteReport } from './report.ts';
import type { Service } from './service.ts';

export type Services = ReadonlyMap<string, Service>;

/** A listener at work, whatever its kind. */
interface Front {
  readonly port: number;
  readonly connections: number;
  readonly counts: object;
  /** For all clients from now on. With a problem nothing has changed. */
  replace(listener: AgentListener, services: Services): Promise<readonly Problem[]>;
  /** Stops listening at once; resolves when no connection is left, after `graceMs` at the latest. Idle ones may be so for `idleMs`. */
  close(graceMs: number, idleMs: number): Promise<void>;
}

interface Open {
  listener: AgentListener;
  readonly front: Front;
}

export class Listeners {
  readonly #clock: Clock;
  readonly #report: () => SiteReport;
  readonly #passed: PassedSocket;
  #open: readonly Open[] = [];
  readonly #closing = new Set<Promise<void>>();

  /** `report` is what listeners tell that tell of the load. */
  constructor(clock: Clock, report: () => SiteReport, passed = NOTHING_PASSED) {
    this.#clock = clock;
    this.#passed = passed;
    this.#report = report;
  }

  /** Listens as it is told from now on; with any problem it goes on as before. `graceMs` is for connections of what is gone. */
  async change(
    listeners: readonly AgentListener[],
    services: Services,
    before: Services,
    graceMs: number,
  ): Promise<readonly Problem[]> {
    const kept = new Map<AgentListener, Open>();
    for (const listener of listeners) {
      const open = this.#open.find((candidate) => isSamePlace(candidate.listener, listener));
      if (open !== undefined) kept.set(listener, open);
    }
    const gone = this.#open.filter((open) => ![...kept.values()].includes(open));
    // Where a listener becomes one of another kind, the old one must let go of the port before the new one can have it.
    const converted = gone.filter(({ listener }) => listeners.some((next) => !kept.has(next) && isSamePort(listener, next)));
    const fresh: Open[] = [];
    const isLate = (listener: AgentListener): boolean => converted.some((open) => isSamePort(open.listener, listener));
    const missing = listeners.filter((listener) => !kept.has(listener)).sort((a, b) => Number(isLate(a)) - Number(isLate(b)));
    const problems: Problem[] = [];
    for (const listener of missing.filter((one) => !isLate(one)))
      problems.push(...(await this.#start(listener, services, fresh)));
    if (problems.length === 0) problems.push(...(await this.#replaceAll(kept, services, before)));
    if (problems.length > 0) {
      await Promise.all(fresh.map(({ front }) => front.close(0, 0)));
      return problems;
    }
    for (const { front } of gone) this.#retire(front, graceMs, 0);
    for (const listener of missing.filter(isLate)) problems.push(...(await this.#start(listener, services, fresh)));
    for (const [listener, open] of kept) open.listener = listener;
    this.#open = listeners.flatMap((listener) => kept.get(listener) ?? fresh.find((open) => open.listener === listener) ?? []);
    return problems.map((problem) => ({ ...problem, severity: 'warning' }));
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

  /** Stops listening; resolves when no connection is left. */
  async close(graceMs: number, idleMs: number): Promise<void> {
    for (const { front } of this.#open) this.#retire(front, graceMs, idleMs);
    this.#open = [];
    await Promise.all(this.#closing);
  }

  #retire(front: Front, graceMs: number, idleMs: number): void {
    const closed = front.close(graceMs, idleMs).finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }

  async #start(listener: AgentListener, services: Services, into: Open[]): Promise<readonly Problem[]> {
    const opened = await open(listener, services, this.#clock, this.#report, this.#passed);
    if (!opened.ok) {
      return opened.error.map((problem) => ({ ...problem, message: `listener "${listener.id}": ${problem.message}` }));
    }
    into.push({ listener, front: opened.value });
    return [];
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
  a.front.port !== 0 && a.front.port === b.front.port && a.front.address === b.front.address;

/** Whether one can become the other while it runs. Where the system chose the port, the name tells who is who. */
function isSamePlace(a: AgentListener, b: AgentListener): boolean {
  // Whether there is TLS cannot change under the connections that there are.
  if (a.kind === 'http' && b.kind === 'http' && (a.front.tls === null) !== (b.front.tls === null)) return false;
  if (a.kind !== b.kind || a.front.address !== b.front.address || a.front.port !== b.front.port) return false;
  return a.front.port !== 0 || a.id === b.id;
}

async function open(
  listener: AgentListener,
  services: Services,
  clock: Clock,
  report: () => SiteReport,
  passed: PassedSocket,
): Promise<Result<Front, readonly Problem[]>> {
  switch (listener.kind) {
    case 'tcp':
      return frontOf(await TcpFront.open(listener.front, services.get(listener.service)!, clock, passed), (front) => ({
        replace: async (next, others) => {
          if (next.kind === 'tcp') front.replace(next.front, others.get(next.service)!);
          return [];
        },
        close: (graceMs) => front.close(graceMs),
      }));
    case 'http':
      return frontOf(await HttpFront.open(listener.front, services, clock, undefined, passed), (front) => ({
        replace: async (next, others) => (next.kind === 'http' ? front.replace(next.front, others) : []),
        close: (graceMs, idleMs) => front.drain(graceMs, idleMs),
      }));
    case 'load':
      return teller(await LineServer.open(listener.front, { on: 'head', reply: (head) => loadResponse(head, report()) }, passed));
    case 'agent-check': {
      let { service } = listener;
      const opened = await LineServer.open(
        listener.front,
        { on: 'connection', reply: () => agentCheckLine(service, report()) },
        passed,
      );
      return teller(opened, (next) => {
        if (next.kind === 'agent-check') service = next.service;
      });
    }
  }
}

type Behaviour = Pick<Front, 'replace' | 'close'>;

function frontOf<F extends Pick<Front, 'port' | 'connections' | 'counts'>>(
  opened: Result<F, Problem | readonly Problem[]>,
  behaviour: (front: F) => Behaviour,
): Result<Front, readonly Problem[]> {
  if (!opened.ok) return { ok: false, error: [opened.error].flat() };
  const front = opened.value;
  const value: Front = {
    get port() {
      return front.port;
    },
    get connections() {
      return front.connections;
    },
    counts: front.counts,
    ...behaviour(front),
  };
  return { ok: true, value };
}

const teller = (opened: Result<LineServer, Problem>, follow: (next: AgentListener) => void = () => {}) =>
  frontOf(opened, (front) => ({
    replace: async (next) => {
      follow(next);
      return [];
    },
    close: () => front.close(),
  }));
