// The sites of the simulated world: what they can take now, who is told that they are up, and what their agents report, late or
// not at all.

import type { Scenario } from '../config/scenario.ts';
import { type LoadReport, SAMPLE_MS } from '../model/capacity.ts';
import { FULL_SHARE, type HealthView, NO_CHANGE_FORESEEN } from '../model/health.ts';
import type { SteeringModel } from '../model/steering.ts';
import type { Origins } from '../steering/spill-origins.ts';
import { progress } from './demand.ts';
import type { SimRandom } from './random.ts';

interface SimReport {
  readonly current: number;
  readonly target: number;
  readonly max: number;
  readonly sentMs: number;
  readonly arrivesMs: number;
}

interface SimSample extends Origins {
  readonly arrivesMs: number;
}

export class Sites {
  /** By site: what it can take now. 0 while it is down. */
  readonly max: Float64Array;
  readonly target: Float64Array;
  /** By site: whether connections to it are served at all. */
  readonly isUp: Uint8Array;
  /** By site: share of weight that steering is told, in thousandths; 0 = down. */
  readonly weightShare: Uint16Array;
  readonly #scenario: Scenario;
  readonly #model: SteeringModel;
  readonly #random: SimRandom;
  readonly #arrived: (SimReport | null)[];
  readonly #underWay: SimReport[][];
  readonly #nextReportMs: Float64Array;
  readonly #nextSampleMs: Float64Array;
  readonly #samples: (SimSample | null)[];
  readonly #samplesUnderWay: SimSample[][];
  readonly #sampling: SimRandom;
  readonly #cells: readonly number[];

  constructor(scenario: Scenario, model: SteeringModel, cells: readonly number[], random: SimRandom, sampling: SimRandom) {
    const count = model.sites.length;
    this.#scenario = scenario;
    this.#model = model;
    this.#random = random;
    this.#cells = cells;
    this.#sampling = sampling;
    this.#samples = model.sites.map(() => null);
    this.#samplesUnderWay = model.sites.map(() => []);
    this.#nextSampleMs = Float64Array.from(model.sites, () => sampling.next() * SAMPLE_MS);
    this.max = new Float64Array(count);
    this.target = new Float64Array(count);
    this.isUp = new Uint8Array(count).fill(1);
    this.weightShare = new Uint16Array(count).fill(FULL_SHARE);
    this.#arrived = model.sites.map(() => null);
    this.#underWay = model.sites.map(() => []);
    this.#nextReportMs = Float64Array.from(model.sites, () => random.next() * scenario.agents.every);
  }

  update(nowMs: number): void {
    const { health, events } = this.#scenario;
    for (const { id, index, capacity } of this.#model.sites) {
      let isUp = true;
      let share = FULL_SHARE;
      let factor = 1;
      for (const event of events) {
        if (event.site !== id || nowMs < event.at) continue;
        const untilMs = event.until ?? Number.POSITIVE_INFINITY;
        if (event.event === 'capacity') factor *= 1 + (event.times - 1) * progress(event, nowMs);
        if (event.event === 'down') {
          if (nowMs < untilMs) isUp = false;
          if (nowMs >= event.at + health.detect && nowMs < untilMs + health.detect) share = 0;
          else if (nowMs >= untilMs + health.detect)
            share = Math.min(share, ramp(nowMs - untilMs - health.detect, health.slowStart));
        }
        if (event.event === 'drain') {
          if (nowMs < untilMs) share = Math.min(share, FULL_SHARE - ramp(nowMs - event.at, health.drain));
          else share = Math.min(share, ramp(nowMs - untilMs, health.slowStart));
        }
      }
      this.isUp[index] = isUp ? 1 : 0;
      this.weightShare[index] = share;
      this.max[index] = isUp ? (capacity?.max ?? Number.POSITIVE_INFINITY) * factor : 0;
      this.target[index] = isUp ? (capacity?.target ?? Number.POSITIVE_INFINITY) * factor : 0;
    }
  }

  /** Agents send what they see. */
  report(nowMs: number, load: Float64Array, where: Float64Array): void {
    const { agents, clients } = this.#scenario;
    for (const { index } of this.#model.sites) {
      if (nowMs >= this.#nextReportMs[index]!) {
        this.#nextReportMs[index] = Math.max(this.#nextReportMs[index]! + agents.every, nowMs);
        const isLost = this.#random.next() * 100 < agents.loss;
        const noise = 1 + (clients.noise / 200) * this.#random.normal();
        if (this.isUp[index] === 1 && !isLost && !this.#isSilent(index, nowMs)) {
          const current = Math.max(0, load[index]! * noise);
          const report = { target: this.target[index]!, max: this.max[index]!, sentMs: nowMs, arrivesMs: nowMs + agents.delay };
          this.#underWay[index]!.push({ ...report, current });
          this.#sample(index, nowMs, where);
        }
      }
    }
  }

  /** Which clients the site has, as a sample. */
  #sample(site: number, nowMs: number, where: Float64Array): void {
    if (nowMs < this.#nextSampleMs[site]!) return;
    this.#nextSampleMs[site] = nowMs + SAMPLE_MS;
    const count = this.#model.sites.length;
    let all = 0;
    for (let at = site; at < where.length; at += count) all += where[at]!;
    const { sample, delay } = this.#scenario.agents;
    if (all === 0 || sample === 0) return;
    const cells: number[] = [];
    const parts: number[] = [];
    // systematic: every so much of the load, from a random beginning
    let next = (all / sample) * this.#sampling.next();
    let sum = 0;
    for (let region = 0; region < this.#cells.length; region++) {
      sum += where[region * count + site]!;
      let here = 0;
      for (; next < sum; next += all / sample) here++;
      if (here === 0) continue;
      cells.push(this.#cells[region]!);
      parts.push(here);
    }
    this.#samplesUnderWay[site]!.push({ cells, parts, arrivesMs: nowMs + delay });
  }

  /** Where loads come from, as it has arrived by now, by site. */
  origins(nowMs: number): (Origins | null)[] {
    for (const [site, queue] of this.#samplesUnderWay.entries()) {
      while (queue.length > 0 && queue[0]!.arrivesMs <= nowMs) this.#samples[site] = queue.shift()!;
    }
    return this.#samples;
  }

  #isSilent(site: number, nowMs: number): boolean {
    const { id } = this.#model.sites[site]!;
    return this.#scenario.events.some(
      ({ event, site: of, at, until }) =>
        event === 'silence' && of === id && nowMs >= at && nowMs < (until ?? Number.POSITIVE_INFINITY),
    );
  }

  /** What has arrived by now, by site. */
  reports(nowMs: number): (LoadReport | null)[] {
    for (const [site, queue] of this.#underWay.entries()) {
      while (queue.length > 0 && queue[0]!.arrivesMs <= nowMs) this.#arrived[site] = queue.shift()!;
    }
    return this.#arrived.map((report) => report && { ...report, ageMs: nowMs - report.sentMs });
  }

  /** What steering is told, with an additional share by site: those of rival policies. */
  health(extraShare?: Uint16Array): HealthView {
    const { members } = this.#model;
    const shares = members.map(({ site }) => {
      const own = this.weightShare[site]!;
      return own === 0 || extraShare === undefined ? own : Math.max(1, Math.round((own * extraShare[site]!) / FULL_SHARE));
    });
    const out = members.map(({ site }) => extraShare?.[site] === 0);
    return {
      isUp: (member) => shares[member]! > 0 && !out[member],
      isOrderedOut: () => false,
      weightShare: (member) => shares[member]!,
      isPoolUp: () => true,
      ttlSec: () => NO_CHANGE_FORESEEN,
      reason: (member) => (shares[member] === 0 ? 'down' : 'up'),
    };
  }
}

function ramp(sinceMs: number, durationMs: number): number {
  return durationMs === 0 ? FULL_SHARE : Math.min(FULL_SHARE, Math.max(1, Math.round((FULL_SHARE * sinceMs) / durationMs)));
}
