// What the admin API may ask of the watch, and the control socket too.

import type { Actor, WatchPort } from '../../admin/ports.ts';
import type { AlertReport, Objective, Silence, SilenceRequest } from '../../admin/schemas/watch.ts';
import type { Problem } from '../../base/errors.ts';
import { ok, type Result } from '../../base/result.ts';
import type { RateHistory } from '../../watch/rates.ts';
import type { Who } from '../orders/change-record.ts';
import type { Changes } from '../orders/changes.ts';
import type { WatchDesk } from './watch-desk.ts';

export class WatchedBy implements WatchPort {
  readonly #watch: WatchDesk;
  readonly #changes: Changes;

  constructor(watch: WatchDesk, changes: Changes) {
    this.#watch = watch;
    this.#changes = changes;
  }

  alerts(): AlertReport {
    const { active, silences, receivers } = this.#watch.alerts.report();
    return { active: [...active], silences: [...silences], receivers: [...receivers] };
  }

  silence(
    { what, reason, author, forSec }: SilenceRequest & { readonly author: string },
    actor: Actor,
  ): Promise<Result<Silence, Problem>> {
    return this.#changes.silence(this.#watch.alerts, { what, reason, author, forMs: forSec * 1000 }, whoOf(actor));
  }

  async endSilence(id: string, actor: Actor): Promise<Result<Silence, Problem>> {
    const ended = await this.#changes.endSilence(this.#watch.alerts, id, whoOf(actor));
    return ended.ok ? ok(ended.value[0]!) : ended;
  }

  objectives(): Objective[] {
    return this.#watch.objectives().map((one) => ({ ...one, windows: [...one.windows] }));
  }

  get rates(): RateHistory {
    return this.#watch.rates;
  }
}

const whoOf = ({ name, requestId }: Actor): Who => ({ actor: name, via: 'api', requestId });
