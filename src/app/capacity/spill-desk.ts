// Keeps plans under the capacities of the sites while the server runs: counts what was asked, makes the spill step of each period or
// takes over that of another server, and says when plans must change. Off the packet path, and only if some site has a capacity.
//
// One server steps for all: in each period of the mesh's clock the first of the live DNS servers, the next ones after a moment
// each if nothing has come. A step is offered with the one that it was made from, so of two at most one counts. Without the mesh each
// server goes on by itself, and takes the shared step when it is back.

import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { HealthFacts } from '../../health/facts.ts';
import { AskedMeter } from '../../metrics/asked.ts';
import type { SharedSpill } from '../../model/mesh.ts';
import type { SteeringModel } from '../../model/steering.ts';
import { DemandKeys } from '../../steering/demand-keys.ts';
import { type SiteLoad, siteLoads } from '../../steering/site-loads.ts';
import { type SpillOutcome, spillLimits, spillStateFor, spillStep } from '../../steering/spill.ts';
import type { SpillLimits } from '../../steering/spill-limits.ts';
import { SpillAtlas, type SpillMap } from '../../steering/spill-map.ts';
import type { Origins } from '../../steering/spill-origins.ts';
import { outlookOf, type SpillOutlook } from '../../steering/spill-outlook.ts';
import { decodeSpill, encodeSpill } from '../../steering/spill-record.ts';
import { recordOf, type SpillRecord, type SpillState, spills, stateFrom } from '../../steering/spill-state.ts';
import { canSpill } from '../../steering/spilling.ts';
import type { Loaded } from '../loading/load.ts';
import type { CapacityBook } from './capacity-book.ts';
import { SiteOrigins } from './site-origins.ts';
import type { SpillMemory } from './spill-memory.ts';

/** A step in each of these periods of the mesh's clock. */
const SPILL_PERIOD_MS = 2000;
/** The next server steps so much later, if nobody has; those behind the fifth no later than it. */
const STAGGER_MS = 150;
const MOST_STAGGERS = 5;
/** After a change of health the world is mapped anew, but no more than this part of the time is spent on it. */
const MAPPING_SHARE = 0.1;
/** If no record says how long clients keep answers. */
const DEFAULT_TTL_SEC = 30;

export interface SpillDeskOptions {
  readonly book: CapacityBook;
  readonly clock: Clock;
  readonly log: Logger;
  readonly memory: SpillMemory;
  /** Plans are to be made under these from now on. */
  readonly onLimits: (limits: SpillLimits | undefined) => void;
}

/** The world of one load. */
interface World {
  readonly loaded: Loaded;
  readonly model: SteeringModel;
  readonly atlas: SpillAtlas;
  readonly keys: DemandKeys;
  readonly origins: SiteOrigins;
  readonly ttlSec: number;
  readonly meter: AskedMeter | null;
  readonly meteredMs: number;
}

/** What is known now, for people. */
export interface SpillView {
  readonly outlook: SpillOutlook;
  readonly atlas: SpillAtlas;
  readonly queries: readonly (Float64Array | null)[];
  readonly loads: readonly SiteLoad[];
  /** Of the last step, on the mesh's clock, and who made it. */
  readonly steppedMs: number;
  readonly stepper: string | null;
}

export class SpillDesk {
  readonly #options: SpillDeskOptions;
  #world: World | null = null;
  #facts: HealthFacts;
  #map: SpillMap | null = null;
  #mapFacts: HealthFacts | null = null;
  /** Of a map that is being made. */
  #mapping: ReturnType<SpillAtlas['mapping']> | null = null;
  /** When the last map was done, and how long its slices took. */
  #mapMs = 0;
  #mapCostMs = 0;
  /** Null while the first map of a world is made, for want of numbers to say anything in. */
  #state: SpillState | null = null;
  /** The last step that we made, and the one before it, whose columns the next one is written to. */
  #made: SpillOutcome | undefined;
  #spare: SpillOutcome | undefined;
  /** States that others may read still. */
  readonly #shown = new WeakSet<SpillState>();
  /** What that world goes on from. */
  #record: SpillRecord | undefined;
  #limits: SpillLimits | undefined;
  /** The step that our state comes from, if it is a shared one. */
  #base: SharedSpill | null = null;
  #stepper: string | null = null;
  /** Period of our last step, whoever made it. */
  #tick = 0;
  #marks = 0;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;
  /** Whoever calls `adopt` learns of limits from that. */
  #isAdopting = false;

  constructor(options: SpillDeskOptions, facts: HealthFacts) {
    this.#options = options;
    this.#facts = facts;
    options.book.follow((step) => this.#take(step));
  }

  /** Takes the world of a load; the limits to make its plans under. What spilled goes on spilling as far as names are the same. */
  adopt(loaded: Loaded, facts: HealthFacts): SpillLimits | undefined {
    const { steering: model } = loaded.snapshot;
    this.#facts = facts;
    // They hold the map of the world before, and a server whose steps are made by another would keep it.
    this.#made = undefined;
    this.#spare = undefined;
    if (!model.policies.some((policy) => canSpill(model, policy))) {
      this.#world = null;
      this.#mapping = null;
      this.#state = null;
      this.#record = undefined;
      this.#limits = undefined;
      return undefined;
    }
    const { table, buffer } = loaded.geography;
    const atlas = new SpillAtlas(model, table);
    const keys = new DemandKeys(model, table, atlas);
    const origins = new SiteOrigins(buffer);
    this.#world = { loaded, model, atlas, keys, origins, ttlSec: ttlOf(loaded), meter: null, meteredMs: 0 };
    const before = this.#state === null ? (this.#record ?? this.#options.memory.record) : recordOf(this.#state);
    const { mesh } = this.#options.book;
    const shared = this.#state === null && mesh.spill !== null ? decodeSpill(mesh.spill.text) : undefined;
    if (shared !== undefined) this.#based(mesh.spill!);
    this.#state = null; // its numbers are those of another world
    this.#record = shared ?? before;
    this.#map = null;
    this.#limits = undefined;
    this.#isAdopting = true;
    // only where something spills are the first plans others than those without limits
    if (this.#record !== undefined && spills(this.#record)) this.#mapAtOnce(atlas);
    else this.#mapAnew(atlas);
    this.#isAdopting = false;
    return this.#limits;
  }

  /** From now on answers are counted there: of the load that was adopted last. */
  count(asked: SharedArrayBuffer, slots: number): void {
    if (this.#world === null) return;
    const meteredMs = this.#options.clock.monotonicMs();
    this.#world = { ...this.#world, meter: new AskedMeter(asked, slots), meteredMs };
  }

  /** Steps from now on. */
  start(): void {
    this.#schedule();
  }

  follow(facts: HealthFacts): void {
    this.#facts = facts;
  }

  /** Null if no load can move: no policy that spills has a site with a capacity. */
  get view(): SpillView | null {
    if (this.#world === null || this.#state === null) return null;
    const { book } = this.#options;
    const loads = this.#loads(this.#world);
    this.#shown.add(this.#state);
    return {
      outlook: outlookOf(
        this.#state,
        loads.map(({ report }) => report),
      ),
      atlas: this.#world.atlas,
      queries: this.#world.keys.sum(book.demands),
      loads,
      steppedMs: this.#state.atMs,
      stepper: this.#stepper,
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#state !== null) this.#options.memory.note(recordOf(this.#state));
    await this.#options.memory.close();
  }

  #schedule(): void {
    if (this.#isClosed) return;
    const { book } = this.#options;
    const nowMs = book.mesh.nowMs();
    const staggerMs = Math.min(book.rank, MOST_STAGGERS) * STAGGER_MS;
    const tick = Math.floor(nowMs / SPILL_PERIOD_MS);
    const inPeriodMs = nowMs - tick * SPILL_PERIOD_MS;
    const waitMs =
      this.#tick < tick && inPeriodMs < staggerMs ? staggerMs - inPeriodMs : SPILL_PERIOD_MS - inPeriodMs + staggerMs;
    this.#timer = setTimeout(() => {
      this.#round();
      this.#schedule();
    }, waitMs);
  }

  #round(): void {
    try {
      this.#report();
      this.#step();
    } catch (bug) {
      // a plan that is a little old is better than none
      this.#options.log.error({ code: 'ERR_INTERNAL', error: (bug as Error).stack ?? String(bug) }, 'a spill step failed');
    }
  }

  /** Tells the mesh what we were asked since the last time. */
  #report(): void {
    const world = this.#world;
    if (world === null || world.meter === null) return;
    const nowMs = this.#options.clock.monotonicMs();
    const seconds = (nowMs - world.meteredMs) / 1000;
    if (seconds <= 0) return;
    this.#options.book.mesh.reportDemand(world.keys.name(world.meter.take(), seconds));
    this.#world = { ...world, meteredMs: nowMs };
  }

  #step(): void {
    const world = this.#world;
    const { book } = this.#options;
    const nowMs = book.mesh.nowMs();
    const tick = Math.floor(nowMs / SPILL_PERIOD_MS);
    if (world === null || tick <= this.#tick) return;
    const map = this.#mapNow(world.atlas);
    if (map === null || this.#state === null) return;
    const before = spillStateFor(map, this.#state, nowMs);
    const reports = this.#loads(world).map(({ report }) => report);
    const facts = { nowMs, ttlSec: world.ttlSec, queries: world.keys.sum(book.demands), reports, origins: this.#origins(world) };
    const outcome = spillStep(before, facts, this.#spareFor(before));
    const { state } = outcome;
    this.#spare = this.#made;
    this.#made = outcome;
    const base = this.#base;
    this.#tick = tick;
    this.#stepper = book.id;
    this.#use(state);
    const record = recordOf(state);
    this.#options.memory.note(record);
    if (book.mesh.status.state !== 'joined' || (book.mesh.status.kind === 'memory' && book.isAlone)) return;
    this.#base = { tick, mark: `${book.id}.${process.pid}.${this.#marks++}`.replaceAll(/[^\x21-\x7e]/g, '_'), text: '' };
    book.mesh.shareSpill(base, { ...this.#base, text: encodeSpill(record) });
  }

  #spareFor({ map }: SpillState): SpillOutcome | undefined {
    const spare = this.#spare;
    return spare?.state.map === map && !this.#shown.has(spare.state) ? spare : undefined;
  }

  /** Goes on from a step that another server has made. */
  #take(step: SharedSpill): void {
    if (this.#world === null) return;
    const record = decodeSpill(step.text);
    if (record === undefined) {
      this.#options.log.warn(
        { code: 'ERR_MESH_RECORD', mark: step.mark },
        'a shared spill step is not understood; going on alone',
      );
      return;
    }
    this.#based(step);
    this.#options.memory.note(record);
    const map = this.#mapNow(this.#world.atlas);
    if (map === null) this.#record = record;
    else this.#use(stateFrom(map, record, this.#options.book.mesh.nowMs()));
  }

  #based({ tick, mark }: SharedSpill): void {
    this.#base = { tick, mark, text: '' };
    this.#tick = Math.max(this.#tick, tick);
    this.#stepper = mark.split('.').slice(0, -2).join('.');
  }

  #use(state: SpillState): void {
    const before = this.#state;
    this.#state = state;
    if (before !== null && before.map === state.map && areEqual(before.admit, state.admit)) return;
    const limits = limitsOf(state);
    if (limits === undefined && this.#limits === undefined) return;
    this.#limits = limits;
    if (!this.#isAdopting) this.#options.onLimits(limits);
  }

  /** The map under the present health, or under that of a moment ago while a new one is made; null while the first is. */
  #mapNow(atlas: SpillAtlas): SpillMap | null {
    if (this.#mapping === null && this.#mayMap) this.#mapAnew(atlas);
    return this.#map;
  }

  get #mayMap(): boolean {
    if (this.#map === null) return true;
    if (!this.#mapFacts!.differsFrom(this.#facts)) return false;
    return this.#options.clock.monotonicMs() - this.#mapMs > this.#mapCostMs / MAPPING_SHARE;
  }

  #mapAtOnce(atlas: SpillAtlas): void {
    const startMs = this.#options.clock.monotonicMs();
    this.#mapping = null;
    const map = atlas.map(this.#facts);
    this.#mapped(map, this.#facts, this.#options.clock.monotonicMs() - startMs);
  }

  #mapped(map: SpillMap, facts: HealthFacts, costMs: number): void {
    this.#map = map;
    this.#mapFacts = facts;
    this.#mapMs = this.#options.clock.monotonicMs();
    this.#mapCostMs = costMs;
    if (this.#state !== null) return;
    this.#use(stateFrom(map, this.#record, this.#options.book.mesh.nowMs()));
    this.#record = undefined;
  }

  /** A slice now, and the others when what waits has had its turn; a small world is mapped in the first. */
  #mapAnew(atlas: SpillAtlas): void {
    const { clock, log } = this.#options;
    const facts = this.#facts;
    const mapping = atlas.mapping(facts);
    this.#mapping = mapping;
    let costMs = 0;
    const slice = (): void => {
      if (this.#mapping !== mapping || this.#isClosed) return; // another world has come
      try {
        const startMs = clock.monotonicMs();
        const { done, value } = mapping.next();
        costMs += clock.monotonicMs() - startMs;
        if (done !== true) {
          setImmediate(slice);
          return;
        }
        this.#mapped(value, facts, costMs);
      } catch (bug) {
        // the map of before is better than none
        log.error({ code: 'ERR_INTERNAL', error: (bug as Error).stack ?? String(bug) }, 'mapping for spill failed');
      }
      this.#mapping = null;
    };
    slice();
  }

  #origins({ origins, model, loaded }: World): (Origins | null)[] {
    const { book } = this.#options;
    return origins.of(model.sites, loaded.snapshot.loadUnit, book.loads, book.mesh.nowMs());
  }

  #loads({ model, loaded }: World): SiteLoad[] {
    const { book } = this.#options;
    return siteLoads(model.sites, loaded.snapshot.loadUnit, book.loads, book.mesh.nowMs());
  }
}

/** Undefined if nothing is limited. */
function limitsOf(state: SpillState): SpillLimits | undefined {
  const limits = spillLimits(state);
  return limits.some(({ size }) => size > 0) ? limits : undefined;
}

const areEqual = (a: Uint32Array, b: Uint32Array): boolean => a.length === b.length && a.every((value, i) => value === b[i]);

/** How long clients keep an answer: the longest that a policy with spill is asked to give. */
function ttlOf({ zones, snapshot: { steering: model } }: Loaded): number {
  const spilling = new Set(model.policies.filter((policy) => canSpill(model, policy)).map(({ id }) => id));
  const ttls = zones.flatMap(({ gslbUses }) =>
    gslbUses.filter(({ policy }) => spilling.has(policy)).map(({ maxTtlSec }) => maxTtlSec),
  );
  return ttls.length === 0 ? DEFAULT_TTL_SEC : Math.max(1, ...ttls);
}
