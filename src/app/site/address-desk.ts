// A virtual address that one agent of a site has at a time: whoever holds its lease in the mesh. Who cannot renew gives it up before
// the lease ends, by its own clock; who cannot serve (drained, stopping, no server left) leaves it to the others.

import type { Clock } from '../../base/clock.ts';
import type { Problem } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { LeaseAnswer, Mesh } from '../../model/mesh.ts';
import type { VirtualAddress } from '../../model/site-agent.ts';
import { type MoverVerb, moveAddress } from '../../site/address-mover.ts';
import { LeaseKeeper } from '../../site/lease-keeper.ts';

/** What `meridian status --json` says of one. */
export interface AddressReport {
  readonly site: string;
  readonly id: string;
  readonly address: string;
  readonly isOurs: boolean;
  /** Id of the process that has it, as the mesh said last; null = nobody. */
  readonly holder: string | null;
  readonly token: number;
  /** Until we have to give it up; 0 if it is not ours. */
  readonly leftMs: number;
  readonly trouble: string | null;
}

export interface AddressOptions {
  readonly site: string;
  readonly settings: VirtualAddress;
  readonly mesh: Pick<Mesh, 'takeLease' | 'releaseLease'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** 0..1, another one at each call. */
  readonly random: () => number;
  /** Whether we could serve those who come. */
  readonly isFit: () => boolean;
  readonly move?: typeof moveAddress;
}

/** Whoever could not bring it here lets others try for so many leases. */
const STAND_BACK_LEASES = 3;

export class AddressDesk {
  readonly #options: AddressOptions;
  readonly #name: string;
  readonly #keeper: LeaseKeeper;
  /** Whether the address is here, as far as we know. */
  #has = false;
  /** Whether the last attempt to take it away went well. */
  #isReleased = true;
  /** Who has it, as the mesh said last. */
  #told: Pick<LeaseAnswer, 'holder' | 'token'> = { holder: null, token: 0 };
  #trouble: string | null = null;
  #standBackMs = Number.NEGATIVE_INFINITY;
  #isEnded = false;
  #timer: NodeJS.Timeout | null = null;
  #deadline: NodeJS.Timeout | null = null;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: AddressOptions) {
    this.#options = options;
    this.#name = `${options.site}/${options.settings.id}`;
    this.#keeper = new LeaseKeeper(options.settings.leaseMs);
  }

  get settings(): VirtualAddress {
    return this.#options.settings;
  }

  /** `isFirst`: a former self that is dead may have left the address here, so it is taken away before anything else. */
  start(isFirst = true): void {
    if (isFirst) this.#turn = this.#move('release').then(() => undefined);
    void this.#compete();
  }

  /** Gives it up, and tells the others that it is free. */
  async close(): Promise<void> {
    this.#isEnded = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#giveUp();
  }

  report(): AddressReport {
    const { site, settings, clock } = this.#options;
    const leftMs = Math.max(0, Math.round(this.#keeper.untilMs - clock.monotonicMs()));
    return {
      ...{ site, id: settings.id, address: settings.address, isOurs: this.#has, holder: this.#told.holder },
      ...{ token: this.#told.token, leftMs: this.#has ? leftMs : 0, trouble: this.#trouble },
    };
  }

  async #compete(): Promise<void> {
    const { clock, mesh, isFit, random } = this.#options;
    const keeper = this.#keeper;
    const sentMs = clock.monotonicMs();
    if (!isFit() || sentMs < this.#standBackMs) await this.#giveUp();
    else {
      const answer = await mesh.takeLease(this.#name, { ttlMs: keeper.ttlMs, token: keeper.claim(sentMs) });
      if (this.#isEnded) return;
      if (answer.ok) {
        keeper.answered(answer.value, sentMs);
        this.#told = answer.value;
        this.#trouble = null;
      } else this.#trouble = answer.error.message;
      await this.#settle();
    }
    if (this.#isEnded) return;
    const tookMs = clock.monotonicMs() - sentMs;
    const everyMs = keeper.askEveryMs * (this.#has ? 1 : 0.8 + 0.2 * random()); // not all at once
    this.#timer = setTimeout(() => void this.#compete(), Math.max(50, everyMs - tookMs));
  }

  async #giveUp(): Promise<void> {
    const isHeld = this.#keeper.isHeld(this.#options.clock.monotonicMs());
    this.#keeper.stop();
    await this.#settle();
    // Only now: nobody may take it while it is still here, or may be.
    if (isHeld && this.#isReleased) this.#options.mesh.releaseLease(this.#name, this.#keeper.token);
  }

  /** Makes the address be where it should be. One move after another. */
  #settle(): Promise<void> {
    this.#turn = this.#turn.then(() => this.#settleNow());
    return this.#turn;
  }

  async #settleNow(): Promise<void> {
    const { clock, log, settings, mesh } = this.#options;
    const facts = { site: this.#options.site, address: settings.address, token: this.#keeper.token };
    const isHeld = (): boolean => this.#keeper.isHeld(clock.monotonicMs());
    if (isHeld()) {
      this.#watch();
      const failed = await this.#move(this.#has ? 'renew' : 'take');
      if (failed !== null && !this.#has) {
        this.#trouble = failed.message;
        log.error({ ...facts, code: failed.code, message: failed.message }, 'the address could not be taken: left to others');
        this.#standBackMs = clock.monotonicMs() + STAND_BACK_LEASES * this.#keeper.ttlMs;
        this.#keeper.stop();
        await this.#move('release');
        mesh.releaseLease(this.#name, this.#keeper.token);
        return;
      }
      if (failed !== null) log.warn({ ...facts, code: failed.code, message: failed.message }, 'the address could not be renewed');
      if (!this.#has) log.info(facts, 'the address is ours');
      this.#has = true;
    }
    if (isHeld() || !this.#has) return;
    const failed = await this.#move('release');
    this.#isReleased = failed === null;
    if (failed !== null) log.error({ ...facts, code: failed.code, message: failed.message }, 'the address could not be released');
    else log.warn(facts, 'the address is ours no more');
    this.#has = false;
  }

  /** Steps down in time, whatever the mesh does. */
  #watch(): void {
    if (this.#deadline !== null) clearTimeout(this.#deadline);
    const delayMs = this.#keeper.untilMs - this.#options.clock.monotonicMs();
    if (Number.isFinite(delayMs)) this.#deadline = setTimeout(() => void this.#settle(), Math.max(0, delayMs) + 1);
    this.#deadline?.unref();
  }

  async #move(verb: MoverVerb): Promise<Problem | null> {
    const { settings, clock, move = moveAddress } = this.#options;
    const validSec = Math.max(1, Math.floor((this.#keeper.untilMs - clock.monotonicMs()) / 1000));
    const timeoutMs = this.#keeper.stepDownMs;
    const moved = await move(settings, {
      verb,
      token: this.#keeper.token,
      validSec: Number.isFinite(validSec) ? validSec : 1,
      timeoutMs,
    });
    return moved.ok ? null : moved.error;
  }
}
