// What the admin API may ask of this process, and what it may have it do (admin/ports.ts). Reads come from one health report, made
// anew when health, orders or time have moved on, so that many who ask cost what one does.

import type { AuditLog } from '../../admin/audit-log.ts';
import type { Sample } from '../../admin/exposition.ts';
import type {
  Actor,
  AdminPort,
  ChangeTerms,
  EventSource,
  RecallRequest,
  ReloadTerms,
  WatchPort,
  ZoneRequest,
} from '../../admin/ports.ts';
import type {
  AuditEntry,
  Forecast,
  OrderReply,
  OrderRequest,
  OverrideItem,
  RecallReply,
  ReloadReply,
} from '../../admin/schemas/changes.ts';
import type { StagedState } from '../../admin/schemas/staged.ts';
import type { Status } from '../../admin/schemas/status.ts';
import type { ExplainQuery, Explanation, Place, Policy, Zone } from '../../admin/schemas/steering.ts';
import type { Member, Pool, Probe, Site } from '../../admin/schemas/world.ts';
import type { Clock } from '../../base/clock.ts';
import type { Problem } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { HealthFacts } from '../../health/facts.ts';
import { membersNamed } from '../../health/overrides.ts';
import type { SafetyForecast } from '../../health/safety.ts';
import { FULL_SHARE } from '../../model/health.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { Override } from '../../model/verdict.ts';
import { SteeringImage } from '../../steering/image.ts';
import { ZoneImage } from '../../zone/image.ts';
import { forecastShares, underOrders } from '../capacity/forecast.ts';
import { compareLoads } from '../loading/compare-loads.ts';
import type { Who } from '../orders/change-record.ts';
import type { Changes } from '../orders/changes.ts';
import { globOf, namesOf } from '../orders/order-names.ts';
import { inForce } from '../orders/orders-text.ts';
import { readZoneFile } from '../orders/zone-changes.ts';
import type { Answering, Running } from '../process/running.ts';
import { VERSION } from '../version.ts';
import type { WatchDesk } from '../watch/watch-desk.ts';
import { WatchedBy } from '../watch/watch-port.ts';
import { gaugesOf, histogramsOf, type Measured, statusOf, talliesOf } from './admin-status.ts';
import { placesOf, policiesOf, zonesOf } from './admin-steering.ts';
import { membersOf, poolsOf, probesOf, sitesOf } from './admin-world.ts';

/** A report is not made anew within this time unless health has moved on. */
const REPORT_KEEPS_MS = 200;
/** Nor within so many times what it took: for 100,000 members it takes long, and the control thread has better things to do. */
const MOST_EFFORT = 20;

export interface AdminDeskOptions {
  readonly running: Running;
  readonly changes: Changes;
  readonly audit: AuditLog;
  readonly events: EventSource;
  readonly clock: Clock;
  readonly watch: WatchDesk;
}

interface Seen extends Measured {
  readonly snapshot: Snapshot;
  readonly facts: HealthFacts;
  readonly overrides: unknown;
  readonly madeMs: number;
  readonly tookMs: number;
}

export class AdminDesk implements AdminPort {
  readonly events: EventSource;
  readonly watch: WatchPort;
  readonly #options: AdminDeskOptions;
  #seen: Seen | null = null;
  /** By policy and family, of the image that they were read from. */
  readonly #places = new Map<string, { readonly steering: SharedArrayBuffer; readonly places: readonly Place[] }>();

  constructor(options: AdminDeskOptions) {
    this.#options = options;
    this.events = options.events;
    this.watch = new WatchedBy(options.watch, options.changes);
  }

  status(): Status {
    return this.#look().status;
  }

  sites(): readonly Site[] {
    return this.#look().sites;
  }

  pools(): readonly Pool[] {
    return this.#look().pools;
  }

  members(): readonly Member[] {
    return this.#look().members;
  }

  probes(): readonly Probe[] {
    return probesOf(this.#options.running.snapshot);
  }

  policies(): readonly Policy[] {
    return policiesOf(this.#options.running.snapshot.steering);
  }

  places(policy: string, family: 4 | 6, without: readonly string[]): Result<readonly Place[], Problem> | undefined {
    const { snapshot, answering } = this.#options.running;
    const index = snapshot.steering.policies.findIndex(({ id }) => id === policy);
    if (index < 0) return undefined;
    if (answering === null) return err(ANSWERS_NOBODY);
    const { loaded, images, facts } = answering;
    if (without.length > 0) return this.#placesWithout(answering, index, family, without);
    const known = this.#places.get(`${index} ${family}`);
    if (known?.steering === images.steering) return ok(known.places);
    const places = placesOf(loaded.snapshot.steering, facts, new SteeringImage(images.steering), index, family);
    this.#places.set(`${index} ${family}`, { steering: images.steering, places });
    return ok(places);
  }

  #placesWithout(
    answering: Answering,
    policy: number,
    family: 4 | 6,
    without: readonly string[],
  ): Result<readonly Place[], Problem> {
    const { steering: model } = answering.loaded.snapshot;
    const unknown = without.find((site) => !model.sites.some(({ id }) => id === site));
    if (unknown !== undefined) return err({ severity: 'error', code: 'ERR_USAGE', message: `there is no site "${unknown}"` });
    const { plane } = this.#options.running;
    const nowMs = plane.meshNowMs();
    const terms = { source: 'human', reason: 'what if', author: '', createdMs: nowMs, expiresMs: null } as const;
    const out = without.map((site) => ({ id: `what-if ${site}`, glob: `site:${site}`, action: 'down', ...terms }) as const);
    const { view, steering } = underOrders(answering, plane.facts, [...plane.overrides.overrides, ...out], nowMs);
    return ok(placesOf(model, view, steering, policy, family));
  }

  zones(): readonly Zone[] {
    const { answering } = this.#options.running;
    return answering === null ? [] : zonesOf(answering.loaded);
  }

  async zoneText(zone: string): Promise<string | undefined> {
    const { answering } = this.#options.running;
    if (answering === null) return undefined;
    const index = zonesOf(answering.loaded).findIndex(({ id }) => id === zone);
    if (index < 0) return undefined;
    // Code for the text of every record type, which this thread needs for nothing else: a start does not wait for it.
    const { printImage } = await import('../../zone/image-text.ts');
    return printImage(new ZoneImage(answering.loaded.zones[index]!.buffer));
  }

  zoneFile(zone: string): ReturnType<AdminPort['zoneFile']> {
    return readZoneFile(this.#options.running, zone);
  }

  putZone(request: ZoneRequest, actor: Actor): ReturnType<AdminPort['putZone']> {
    return this.#options.changes.zone(this.#options.running, request, whoOf(actor));
  }

  async explain(query: ExplainQuery): Promise<Result<Explanation, Problem>> {
    // The report is readonly all through; the schema of the API does not say so.
    return (await this.#options.running.explain(query)) as Result<Explanation, Problem>;
  }

  overrides(): { readonly version: number; readonly items: readonly OverrideItem[] } {
    const { running, clock } = this.#options;
    const { overrides } = running.plane;
    const items = inForce(overrides, clock.wallMs()).map((order) => {
      const members = this.#named(order.glob);
      return { ...order, members, leftPercent: order.action === 'drain' ? this.#left(new Set(members)) : null };
    });
    return { version: overrides.version, items };
  }

  async order(
    request: OrderRequest & { readonly author: string },
    { actor, ifVersion }: ChangeTerms,
  ): Promise<Result<OrderReply, Problem>> {
    const { running, changes } = this.#options;
    const { what, action, reason, author, forSec, isTool, dryRun, breakGlass } = request;
    const glob = globOf(what, namesOf(this.members().map(({ id, pool, site }) => ({ member: id, pool, site }))));
    if (!glob.ok) return glob;
    const terms = { isDryRun: dryRun, breaksGlass: breakGlass, ifVersion };
    const source: Override['source'] = isTool ? 'tool' : 'human';
    const forMs = forSec === null ? null : forSec * 1000;
    const given = await changes.order(
      running,
      { glob: glob.value, action, source, author, reason, forMs, ...terms },
      whoOf(actor),
    );
    if (!given.ok) return given;
    const { set, created, names, forecast } = given.value;
    const proposed = dryRun ? [...set.overrides.filter(({ id }) => id !== created.id), created] : null;
    return ok({
      isDone: !dryRun,
      order: created,
      members: [...names],
      forecast: this.#forecast(forecast, proposed),
      version: set.version,
    });
  }

  async recall(request: RecallRequest, { actor, ifVersion }: ChangeTerms): Promise<Result<RecallReply, Problem>> {
    const { running, changes } = this.#options;
    const { action, dryRun, breakGlass } = request;
    const what = this.#meant(request.what);
    if (!what.ok) return what;
    const terms = { isDryRun: dryRun, breaksGlass: breakGlass, ifVersion };
    const recalled = await changes.recall(running, { what: what.value, action, ...terms }, whoOf(actor));
    if (!recalled.ok) return recalled;
    const { set, removed, forecast } = recalled.value;
    const gone = new Set(removed.map(({ id }) => id));
    const proposed = dryRun ? set.overrides.filter(({ id }) => !gone.has(id)) : null;
    return ok({ isDone: !dryRun, removed: [...removed], forecast: this.#forecast(forecast, proposed), version: set.version });
  }

  staged(): StagedState | null {
    return this.#options.changes.state;
  }

  async purge(
    { site, pattern }: { readonly site: string; readonly pattern: string },
    actor: Actor,
  ): ReturnType<AdminPort['purge']> {
    const { running, changes } = this.#options;
    if (!running.snapshot.steering.sites.some(({ id }) => id === site))
      return err({ severity: 'error', code: 'ERR_API_NOT_FOUND', message: `there is no site "${site}"` });
    const purged = await changes.purge(running, { site, pattern }, whoOf(actor));
    return purged.ok ? ok({ done: [...purged.value.done], isShared: purged.value.isShared }) : purged;
  }

  decide(isKept: boolean, breaksGlass: boolean, actor: Actor): ReturnType<AdminPort['decide']> {
    return this.#options.changes.decide(isKept, breaksGlass, whoOf(actor));
  }

  async reload(terms: ReloadTerms, actor: Actor): Promise<Result<ReloadReply, Problem>> {
    const { running, changes } = this.#options;
    const before = { snapshot: running.snapshot, zones: running.answering?.loaded.zones ?? null };
    if (terms.dryRun) {
      const { snapshot, zones, problems, zonesKept, tookMs } = await running.tryLoad();
      const changed = snapshot === null ? null : compareLoads(before, { snapshot, zones });
      const zonesRead = (zones?.length ?? 0) - zonesKept;
      return ok({
        isDone: false,
        isAccepted: snapshot !== null,
        problems: [...problems],
        zonesRead,
        zonesKept,
        tookMs,
        changes: changed,
      });
    }
    const tried = await changes.tryReload(running, whoOf(actor), terms);
    if (!tried.ok) return tried;
    const { done, problems, zonesRead, zonesKept, tookMs } = tried.value;
    const after = { snapshot: running.snapshot, zones: running.answering?.loaded.zones ?? null };
    const changed = done ? compareLoads(before, after) : null;
    return ok({ isDone: done, isAccepted: done, problems: [...problems], zonesRead, zonesKept, tookMs, changes: changed });
  }

  async audit(before: number | null, limit: number): Promise<readonly AuditEntry[]> {
    return this.#options.audit.read(before, limit);
  }

  sample(): Sample {
    const seen = this.#look();
    const { gauges, tallies } = this.#options.watch.measure();
    return {
      counters: seen.report.counters,
      gauges: [...gaugesOf(seen), ...gauges],
      tallies: [...tallies, ...talliesOf(seen.report)],
      histograms: histogramsOf(seen.report),
    };
  }

  /** What of the weight of these members gets traffic now, 0..100. */
  #left(names: ReadonlySet<string>): number {
    let whole = 0;
    let left = 0;
    for (const { id, weight, families } of this.members()) {
      if (!names.has(id)) continue;
      whole += weight * families.length;
      for (const { isUp, sharePermille } of families) if (isUp) left += (weight * sharePermille) / FULL_SHARE;
    }
    return whole === 0 ? 0 : Math.round((1000 * left) / whole) / 10;
  }

  /** The members that a glob names, by id. */
  #named(glob: string): string[] {
    return membersNamed(glob, this.#options.running.snapshot.steering).map(({ id }) => id);
  }

  /** What is to be taken back: an id or glob as it stands, else the glob that a plain name means. */
  #meant(what: string): Result<string, Problem> {
    const { overrides } = this.#options.running.plane.overrides;
    if (overrides.some(({ id, glob }) => id === what || glob === what)) return ok(what);
    const glob = globOf(what, namesOf(this.members().map(({ id, pool, site }) => ({ member: id, pool, site }))));
    return glob.ok ? glob : ok(what);
  }

  #forecast(forecast: SafetyForecast, proposed: readonly Override[] | null): Forecast {
    const { sitesServing, capacityPercent, movedPercent, broken } = forecast;
    const { answering, plane } = this.#options.running;
    const sites =
      answering === null || proposed === null ? null : forecastShares(answering, plane.facts, proposed, plane.meshNowMs());
    return { sitesServing, capacityPercent, movedPercent, broken: [...broken], sites };
  }

  #look(): Seen {
    const { running, clock } = this.#options;
    const { snapshot } = running;
    const { facts, overrides } = running.plane;
    const nowMs = clock.monotonicMs();
    const known = this.#seen;
    if (known !== null && known.snapshot === snapshot && known.overrides === overrides) {
      const ageMs = nowMs - known.madeMs;
      if (ageMs < MOST_EFFORT * known.tookMs || (ageMs < REPORT_KEEPS_MS && known.facts === facts)) return known;
    }
    const report = running.status(VERSION);
    const members = membersOf(snapshot, report.health);
    const sites = sitesOf(snapshot, members, report.loads);
    const pools = poolsOf(snapshot, members, facts);
    const status = { ...statusOf(report, members, snapshot, clock.wallMs()), change: this.staged() };
    const doneMs = clock.monotonicMs();
    const made = { snapshot, facts, overrides, madeMs: doneMs, tookMs: doneMs - nowMs };
    this.#seen = { ...made, report, members, sites, pools, status };
    return this.#seen;
  }
}

const whoOf = ({ name, requestId }: Actor): Who => ({ actor: name, via: 'api', requestId });

const ANSWERS_NOBODY: Problem = {
  severity: 'error',
  code: 'ERR_ROLE',
  message: 'this process answers no queries: ask one with the role dns',
};
