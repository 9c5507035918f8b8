// The images that the workers answer from, kept up to what is loaded and to what is known of health. A change of health that
// steering can see goes out at once after a quiet time, further ones together: at most four images a second for ramps and TTLs,
// and four in which somebody comes up or goes down, which waits only behind others of its kind. Invariant: `images` and `facts`
// belong together, so an explanation speaks of the image that answers.

import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { HealthFacts } from '../../health/facts.ts';
import { makeAsked } from '../../metrics/asked.ts';
import { COUNTER } from '../../metrics/counters.ts';
import { EVERYTHING_UP, type HealthView } from '../../model/health.ts';
import { buildSteering } from '../../steering/build.ts';
import { SteeringImage } from '../../steering/image.ts';
import type { SpillLimits } from '../../steering/spill-limits.ts';
import type { ChangeTrail } from '../health/change-trail.ts';
import { Pacer } from '../health/pacer.ts';
import type { Loaded } from '../loading/load.ts';
import { DroppedMemory, sizeOf } from './dropped-memory.ts';
import { buffersOf, type Images } from './messages.ts';
import { tapPlan } from './tap-plan.ts';

const STEER_GAP_MS = 250;

/** Where images go. */
export interface ImageSink {
  /** Both resolve when every worker that lives answers from them, or from newer ones. */
  install(images: Images): Promise<void>;
  steer(images: Images): Promise<void>;
}

export interface ImageFeedOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** The control thread's row of metrics/counters. */
  readonly counters: Float64Array;
  /** Whose changes images are made from. */
  readonly trail?: Pick<ChangeTrail, 'plan' | 'drop'>;
  /** Threads that answer; 1 unless given. */
  readonly workers?: number;
}

export class ImageFeed {
  readonly #options: ImageFeedOptions;
  readonly #pacer: Pacer;
  readonly #turns: Pacer;
  readonly #droppedMemory = new DroppedMemory();
  #loaded: Loaded;
  #facts: HealthFacts;
  #images: Images;
  #limits: SpillLimits | undefined;
  #nextLimits: SpillLimits | undefined;
  #next: HealthFacts;
  #nextMs = 0;
  #sink: ImageSink | null = null;
  #swapped: Promise<void> = Promise.resolve();
  /** Since when a change waits to be made into an image, and since when the oldest one that was is on its way to the workers. */
  #waitingMs: number | null = null;
  #sentMs: number | null = null;

  constructor(options: ImageFeedOptions, loaded: Loaded, facts: HealthFacts, limits?: SpillLimits) {
    this.#options = options;
    this.#loaded = loaded;
    this.#facts = facts;
    this.#next = facts;
    this.#limits = limits;
    this.#nextLimits = limits;
    this.#images = imagesOf(loaded, 1, facts, this.#more);
    this.#pacer = new Pacer(options.clock, STEER_GAP_MS, () => this.#steer());
    this.#turns = new Pacer(options.clock, STEER_GAP_MS, () => this.#pacer.now());
  }

  get images(): Images {
    return this.#images;
  }

  /** What the steering image was made from. */
  get facts(): HealthFacts {
    return this.#facts;
  }

  /** What spill has set, of which the steering image was made. */
  get limits(): SpillLimits | undefined {
    return this.#limits;
  }

  /** Age of the oldest change that not every worker answers by yet; 0 = there is none. */
  get lagMs(): number {
    const sinceMs = this.#sentMs ?? this.#waitingMs;
    return sinceMs === null ? 0 : this.#options.clock.monotonicMs() - sinceMs;
  }

  /** From now on changes go to these workers. */
  feed(sink: ImageSink): void {
    this.#sink = sink;
    void sink.steer(this.#images);
  }

  /** Everything anew, after a load. `facts` and `limits` are about the model that was loaded. */
  async load(loaded: Loaded, facts: HealthFacts, limits?: SpillLimits): Promise<void> {
    const before = { limits: this.#limits, next: this.#nextLimits };
    this.#limits = limits;
    this.#nextLimits = limits;
    const plan = this.#options.trail?.plan(this.#images.generation + 1);
    let images: Images;
    try {
      images = imagesOf(loaded, this.#images.generation + 1, facts, { ...this.#more, previous: this.#images.steering });
    } catch (bug) {
      this.#limits = before.limits;
      this.#nextLimits = before.next;
      throw bug;
    }
    this.#loaded = loaded;
    this.#facts = facts;
    this.#next = facts;
    const dropped = buffersOf(this.#images);
    this.#images = images;
    this.#waitingMs = null;
    plan?.built();
    await this.#confirmed(this.#sink?.install(images), images);
    plan?.answered();
    this.#droppedMemory.drop(dropped, sizeOf(buffersOf(images)));
  }

  /** Takes what is known of health now; the steering image follows if it makes a difference. Never at once: a load may come. */
  follow(facts: HealthFacts): void {
    this.#next = facts;
    this.#nextMs = this.#options.clock.monotonicMs();
    this.#wait();
    if (!facts.differsFrom(this.#facts)) {
      this.#options.trail?.drop(); // an order holds the member, or it has turned back
      return;
    }
    if (facts.turnsFrom(this.#facts)) this.#turns.request();
    else this.#pacer.request();
  }

  /** Takes what a spill step has set for the model that is served; the steering image follows. */
  spill(limits: SpillLimits | undefined): void {
    this.#nextLimits = limits;
    this.#nextMs = this.#options.clock.monotonicMs();
    this.#wait();
    if (limits !== this.#limits) this.#pacer.request();
  }

  /** Resolves when the workers answer from what has been followed so far. */
  async settle(): Promise<void> {
    if (this.#isBehind) this.#pacer.now();
    await this.#swapped;
  }

  close(): void {
    this.#turns.close();
    this.#pacer.close();
  }

  get #isBehind(): boolean {
    return this.#nextLimits !== this.#limits || this.#next.differsFrom(this.#facts);
  }

  get #more(): Pick<MoreImages, 'workers' | 'limits'> {
    const { workers = 1 } = this.#options;
    return { workers, limits: this.#limits };
  }

  /** Notes since when there is something to do; nothing any more if a change was taken back. */
  #wait(): void {
    this.#waitingMs = this.#isBehind ? (this.#waitingMs ?? this.#nextMs) : null;
  }

  async #confirmed(swapped: Promise<void> | undefined, { generation }: Images): Promise<void> {
    await swapped;
    if (generation === this.#images.generation) this.#sentMs = null;
  }

  #steer(): void {
    if (!this.#isBehind) return;
    const { clock, log, counters, trail } = this.#options;
    const plan = trail?.plan(this.#images.generation + 1);
    const knownMs = this.#nextMs;
    const { snapshot, geography } = this.#loaded;
    this.#facts = this.#next;
    this.#limits = this.#nextLimits;
    const { generation, steering: before } = this.#images;
    const steering = buildSteering(snapshot.steering, geography.table, this.#facts, new SteeringImage(before), this.#limits);
    this.#images = { ...this.#images, generation: generation + 1, steering };
    plan?.built();
    this.#sentMs ??= this.#waitingMs;
    this.#waitingMs = null;
    const images = this.#images;
    this.#swapped = this.#confirmed(this.#sink?.steer(images), images).then(() => {
      counters[COUNTER.STEERING_SWAPS]!++;
      this.#droppedMemory.drop([before], sizeOf(buffersOf(images)));
      plan?.answered();
      const changes = plan?.ids ?? [];
      // Ramps and TTLs are steps of a change that was told.
      const facts = { tookMs: Math.round(clock.monotonicMs() - knownMs), generation: images.generation, changes };
      log[changes.length > 0 ? 'info' : 'debug'](facts, 'all workers answer from the latest health');
    });
  }
}

interface MoreImages {
  readonly workers?: number;
  readonly limits?: SpillLimits | undefined;
  /** The steering image before, which `last-good` falls back on. */
  readonly previous?: SharedArrayBuffer;
}

/** The three images of a load. */
export function imagesOf(
  loaded: Loaded,
  generation: number,
  health: HealthView = EVERYTHING_UP,
  { workers = 1, limits, previous }: MoreImages = {},
): Images {
  const { snapshot, geography } = loaded;
  const before = previous && new SteeringImage(previous);
  const steering = buildSteering(snapshot.steering, geography.table, health, before, limits);
  const { slotCount, memberCount, policyNames } = new SteeringImage(steering);
  return {
    generation,
    zones: loaded.zones.map((zone) => zone.buffer),
    usesEcs: snapshot.zones.map((zone) => zone.usesEcs), // zones are loaded in the order of the snapshot
    geo: geography.buffer,
    steering,
    asked: makeAsked(workers, slotCount),
    given: makeAsked(workers, memberCount),
    cookieSecrets: loaded.cookieSecrets,
    transfer: snapshot.transfer,
    tap: tapPlan(snapshot.decisions, policyNames, workers, snapshot.server.udpPayloadSize),
  };
}
