// The place of a balancer that is not our own in an agent: empty, or one of them. A change is tried first and kept or undone afterwards,
// so that a configuration that cannot be carried out never replaces one that is.

import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../base/clock.ts';
import { hasErrors, type Problem } from '../base/errors.ts';
import type { SiteAgentSettings } from '../model/site-agent.ts';
import type { DriverSettings } from '../model/site-driver.ts';
import type { Driven, Known, News } from './driven.ts';
import type { DrivenPart } from './driven-report.ts';
import { planOf } from './driver-plan.ts';
import type { Posted } from './drivers/readers/posted.ts';

/** What was tried. Without errors among the problems either `undo` or `keep` is to be called. */
interface Trial {
  readonly problems: readonly Problem[];
  undo(): Promise<void>;
  keep(): Promise<void>;
}

/** The balancer could not be asked: it may be starting, too. */
const AWAY: ReadonlySet<Problem['code']> = new Set<Problem['code']>([
  'ERR_DRIVER_UNREACHABLE',
  'ERR_LOAD_SOURCE',
  'ERR_LOAD_FORM',
]);

export class DrivenSlot {
  readonly #clock: Clock;
  readonly #known: Known;
  readonly #onNews: (news: News) => void;
  #current: Driven | null = null;

  constructor(clock: Clock, known: Known, onNews: (news: News) => void) {
    this.#clock = clock;
    this.#known = known;
    this.#onNews = onNews;
  }

  get posted(): Posted | null {
    return this.#current?.posted ?? null;
  }

  get needsChecks(): boolean {
    return this.#current?.needsChecks ?? false;
  }

  /** Null = there is none. */
  report(settings: SiteAgentSettings): DrivenPart | null {
    return this.#current?.report(settings) ?? null;
  }

  /** Orders have changed, or what checks see. */
  settle(): void {
    void this.#current?.settle();
  }

  /**
   * Makes the balancer do what `settings` say; `before` are those in force. An operator's balancer that does not answer refuses a
   * change to it, but neither a start nor a change of something else: then it is told as soon as it answers.
   */
  prepare(settings: SiteAgentSettings, before: SiteAgentSettings | null): Promise<Trial> {
    const { driver } = settings;
    const current = this.#current;
    if (driver === null) return Promise.resolve({ problems: [], undo: nothing, keep: () => this.#replace(null) });
    if (current !== null && isDeepStrictEqual(current.settings, driver)) return this.#change(current, settings, before!);
    return this.#switch(driver, settings, before);
  }

  /** `isKept`: the balancer is somebody else's from now on, and goes on. */
  async close(isKept = false): Promise<void> {
    await this.#current?.close(isKept);
  }

  async #change(current: Driven, settings: SiteAgentSettings, before: SiteAgentSettings): Promise<Trial> {
    const problems = softened(await current.apply(planOf(settings)), current, settings, true);
    const undo = async (): Promise<void> => void (await current.apply(planOf(before)));
    return { problems, undo, keep: nothing };
  }

  async #switch(driver: DriverSettings, settings: SiteAgentSettings, before: SiteAgentSettings | null): Promise<Trial> {
    const next = await this.#make(driver);
    const problems = softened(await next.apply(planOf(settings)), next, settings, before === null);
    const isShared = isSamePlace(this.#current?.settings, driver);
    if (hasErrors(problems)) {
      await next.close(true);
      return { problems, undo: nothing, keep: nothing };
    }
    return {
      problems,
      undo: async () => {
        await next.close(isShared);
        if (!isShared || before?.driver == null) return;
        // What it was told has replaced what the former one knows: that has to be told anew.
        const former = await this.#make(before.driver);
        await former.apply(planOf(before));
        await this.#replace(former, true);
      },
      keep: () => this.#replace(next, isShared),
    };
  }

  /** The code of the drivers is read where one is asked for. */
  async #make(driver: DriverSettings): Promise<Driven> {
    const { Driven } = await import('./driven.ts');
    return new Driven(driver, this.#clock, this.#known, this.#onNews);
  }

  async #replace(next: Driven | null, isShared = false): Promise<void> {
    const before = this.#current;
    this.#current = next;
    next?.start();
    await before?.close(isShared);
  }
}

const nothing = async (): Promise<void> => {};

/** Whether both speak to one and the same balancer of the agent's. */
function isSamePlace(a: DriverSettings | undefined, b: DriverSettings): boolean {
  if (a?.kind === 'haproxy' && b.kind === 'haproxy') return a.directory === b.directory;
  return a?.kind === 'nftables' && b.kind === 'nftables' && a.table === b.table;
}

/** With `mayBeAway` an operator's balancer that cannot be asked is a warning, and is told later. */
function softened(
  problems: readonly Problem[],
  driven: Driven,
  settings: SiteAgentSettings,
  mayBeAway: boolean,
): readonly Problem[] {
  const { kind } = driven.settings;
  const errors = problems.filter(({ severity }) => severity === 'error');
  const isAway = errors.length > 0 && errors.every(({ code }) => AWAY.has(code));
  if (!mayBeAway || !isAway || kind === 'haproxy' || kind === 'nftables') return problems;
  driven.await(planOf(settings));
  return problems.map((problem) => ({ ...problem, severity: 'warning' }));
}
