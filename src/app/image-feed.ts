// The images that the workers answer from, kept up to what is loaded and to what is known of health. A change of health that
// steering can see goes out at once after a quiet time, further ones together: at most four images a second for ramps and TTLs,
// and four in which somebody comes up or goes down, which waits only behind others of its kind. Invariant: `images` and `facts`
// belong together, so an explanation speaks of the image that answers.

import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { HealthFacts } from '../health/facts.ts';
import { COUNTER } from '../metrics/counters.ts';
import { EVERYTHING_UP, type HealthView } from '../model/health.ts';
import { buildSteering } from '../steering/build.ts';
import { SteeringImage } from '../steering/image.ts';
import type { Loaded } from './load.ts';
import type { Images } from './messages.ts';
import { Pacer } from './pacer.ts';

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
}

export class ImageFeed {
  readonly #options: ImageFeedOptions;
  readonly #pacer: Pacer;
  readonly #turns: Pacer;
  #loaded: Loaded;
  #facts: HealthFacts;
  #images: Images;
  #next: HealthFacts;
  #nextMs = 0;
  #sink: ImageSink | null = null;
  #swapped: Promise<void> = Promise.resolve();

  constructor(options: ImageFeedOptions, loaded: Loaded, facts: HealthFacts) {
    this.#options = options;
    this.#loaded = loaded;
    this.#facts = facts;
    this.#next = facts;
    this.#images = imagesOf(loaded, 1, facts);
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

  /** From now on changes go to these workers. */
  feed(sink: ImageSink): void {
    this.#sink = sink;
    void sink.steer(this.#images);
  }

  /** Everything anew, after a load. `facts` are about the model that was loaded. */
  async load(loaded: Loaded, facts: HealthFacts): Promise<void> {
    const images = imagesOf(loaded, this.#images.generation + 1, facts, this.#images.steering);
    this.#loaded = loaded;
    this.#facts = facts;
    this.#next = facts;
    this.#images = images;
    await this.#sink?.install(this.#images);
  }

  /** Takes what is known of health now; the steering image follows if it makes a difference. Never at once: a load may come. */
  follow(facts: HealthFacts): void {
    this.#next = facts;
    this.#nextMs = this.#options.clock.monotonicMs();
    if (!facts.differsFrom(this.#facts)) return;
    if (facts.turnsFrom(this.#facts)) this.#turns.request();
    else this.#pacer.request();
  }

  /** Resolves when the workers answer from what has been followed so far. */
  async settle(): Promise<void> {
    if (this.#next.differsFrom(this.#facts)) this.#pacer.now();
    await this.#swapped;
  }

  close(): void {
    this.#turns.close();
    this.#pacer.close();
  }

  #steer(): void {
    if (!this.#next.differsFrom(this.#facts)) return;
    const { clock, log, counters } = this.#options;
    const knownMs = this.#nextMs;
    const { snapshot, geography } = this.#loaded;
    this.#facts = this.#next;
    const { generation, steering: before } = this.#images;
    const steering = buildSteering(snapshot.steering, geography.table, this.#facts, new SteeringImage(before));
    this.#images = { ...this.#images, generation: generation + 1, steering };
    const swapped = this.#sink?.steer(this.#images) ?? Promise.resolve();
    this.#swapped = swapped.then(() => {
      counters[COUNTER.STEERING_SWAPS]!++;
      log.debug({ tookMs: Math.round(clock.monotonicMs() - knownMs) }, 'all workers answer from the latest health');
    });
  }
}

/** The three images of a load. The previous steering image, if any, is what `last-good` falls back on. */
export function imagesOf(
  loaded: Loaded,
  generation: number,
  health: HealthView = EVERYTHING_UP,
  previous?: SharedArrayBuffer,
): Images {
  const { snapshot, geography } = loaded;
  return {
    generation,
    zones: loaded.zones.map((zone) => zone.buffer),
    usesEcs: snapshot.zones.map((zone) => zone.usesEcs), // zones are loaded in the order of the snapshot
    geo: geography.buffer,
    steering: buildSteering(snapshot.steering, geography.table, health, previous && new SteeringImage(previous)),
    cookieSecrets: loaded.cookieSecrets,
    transfer: snapshot.transfer,
  };
}
