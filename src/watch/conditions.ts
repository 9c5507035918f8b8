// What is wrong at one moment, judged from what the process knows: a pure function, asked every two seconds. Thresholds are those of
// the alert rules for Prometheus; how long something must last is in the catalogue.

import type { AlertName } from './catalogue.ts';

/** Per second, over the last minute. */
export interface RecentRates {
  readonly replies: number;
  readonly servfail: number;
  readonly exceptions: number;
  readonly udpQueries: number;
  /** Datagrams that nobody read. */
  readonly lost: number;
  readonly overload: number;
}

export interface Vitals {
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** Null for a process that does not answer. */
  readonly threads: { readonly alive: number; readonly wanted: number } | null;
  /** Null until a minute is known. */
  readonly rates: RecentRates | null;
  readonly mesh: 'joining' | 'joined' | 'stale';
  readonly lagMs: number;
  readonly members: { readonly total: number; readonly unknown: number };
  readonly pools: readonly Group[];
  readonly sites: readonly Group[];
  readonly probers: { readonly now: number; readonly mostLately: number };
  readonly isWithdrawn: boolean;
  readonly isReloadRefused: boolean;
  readonly capacity: readonly SiteLoad[];
  readonly certificates: readonly { readonly use: string; readonly endsMs: number }[];
  /** Reasons why nothing can be written; null = it can. */
  readonly state: { readonly directory: string | null; readonly audit: string | null };
  /** Objectives whose error budget is used up too fast, with the words for it. */
  readonly burning: readonly { readonly name: 'availability' | 'steering'; readonly text: string }[];
  /** The words for a rate of queries that is unlike that of former days; null = it is not. */
  readonly unusual: string | null;
}

export interface Group {
  readonly id: string;
  readonly serving: number;
  readonly members: number;
}

export interface SiteLoad {
  readonly site: string;
  /** Null = not known. */
  readonly load: number | null;
  readonly target: number | null;
  readonly max: number | null;
}

export interface Condition {
  readonly name: AlertName;
  /** Of whom; empty = the server as a whole. */
  readonly subject: string;
  /** One line for people. */
  readonly text: string;
}

const FAILING_SHARE = 0.02;
/** A resolver that repeats one bad question is no outage. */
const FAILING_PER_SEC = 1;
const LOST_SHARE = 0.001;
const LAG_MS = 10_000;
const UNKNOWN_SHARE = 0.25;
const PROBERS_SHARE = 0.7;
const SHORT_SHARE = 0.9;
const DAY_MS = 86_400_000;
const EXPIRING_DAYS = 14;
const ENDED_DAYS = 2;

export function conditionsOf(vitals: Vitals): Condition[] {
  const found: Condition[] = [];
  const add = (isSo: boolean, name: AlertName, text: string, subject = ''): void => {
    if (isSo) found.push({ name, subject, text });
  };
  const { threads, mesh, lagMs, members, probers, state, burning } = vitals;
  const isDown = threads === null ? mesh === 'joining' : threads.alive === 0;
  add(isDown, 'not-ready', threads === null ? 'the mesh has not been joined' : 'no thread answers');
  if (threads !== null) {
    add(threads.alive < threads.wanted, 'threads-missing', `${threads.alive} of ${threads.wanted} threads answer`);
  }
  addRates(add, vitals.rates);
  add(mesh === 'stale', 'mesh-stale', 'the mesh does not answer: what is known stays, orders cannot be given');
  add(lagMs > LAG_MS, 'steering-lags', `answers are ${seconds(lagMs)} behind what is known of health`);
  add(
    members.unknown > UNKNOWN_SHARE * members.total,
    'members-unknown',
    `${members.unknown} of ${members.total} members are unknown: too few fresh votes`,
  );
  add(vitals.isReloadRefused, 'reload-refused', 'the last reload was refused: what was served before is served');
  for (const { id, serving, members: all } of vitals.pools) {
    add(serving === 0 && all > 0, 'pool-empty', `pool ${id} has nobody left: the last resort of its policies decides`, id);
  }
  for (const { id, serving, members: all } of vitals.sites) {
    add(serving === 0 && all > 0, 'site-out', `site ${id} gets no traffic`, id);
  }
  add(
    probers.now < PROBERS_SHARE * probers.mostLately,
    'probers-shrinking',
    `${probers.now} probers are left of ${probers.mostLately} within the last day`,
  );
  add(vitals.isWithdrawn, 'prober-withdrawn', 'this prober saw nearly everything go down at once and has taken its votes back');
  addCapacity(add, vitals.capacity);
  for (const { use, endsMs } of vitals.certificates) {
    const days = (endsMs - vitals.nowMs) / DAY_MS;
    const when = endsMs === 0 ? 'cannot be read' : days < 0 ? 'has ended' : `ends in ${days.toFixed(1)} days`;
    add(days < EXPIRING_DAYS, 'certificate-expiring', `the certificate of ${use} ${when}`, use);
    add(days < ENDED_DAYS, 'certificate-ended', `the certificate of ${use} ${when}`, use);
  }
  add(state.directory !== null, 'state-not-writable', `the state directory cannot be written: ${state.directory}`, 'state');
  add(state.audit !== null, 'state-not-writable', `the audit cannot be written: ${state.audit}`, 'audit');
  for (const { name, text } of burning) add(true, `${name}-burning`, text);
  add(vitals.unusual !== null, 'query-rate-unusual', vitals.unusual ?? '');
  return found;
}

type Add = (isSo: boolean, name: AlertName, text: string, subject?: string) => void;

function addRates(add: Add, rates: RecentRates | null): void {
  if (rates === null) return;
  const { replies, servfail, exceptions, udpQueries, lost, overload } = rates;
  const isFailing = servfail > FAILING_PER_SEC && servfail > FAILING_SHARE * replies;
  add(isFailing, 'answers-failing', `${percent(servfail / replies)} of the replies are SERVFAIL, ${perSec(servfail)}`);
  add(exceptions > 0, 'responder-bug', 'a query could not be processed: a bug; its client got SERVFAIL');
  add(lost > LOST_SHARE * udpQueries, 'queries-lost', `${perSec(lost)} datagrams are lost before they are read`);
  add(overload > 0, 'overloaded', `${perSec(overload)} queries are turned away: more than server.rateLimit.total`);
}

function addCapacity(add: Add, sites: readonly SiteLoad[]): void {
  let [load, target] = [0, 0];
  for (const one of sites) {
    if (one.load === null) continue;
    if (one.target !== null) {
      load += one.load;
      target += one.target;
      add(one.load > one.target, 'site-over-target', `site ${one.site} carries ${one.load}, target ${one.target}`, one.site);
    }
    if (one.max !== null) add(one.load >= one.max, 'site-full', `site ${one.site} is full: ${one.load} of ${one.max}`, one.site);
  }
  add(load > SHORT_SHARE * target, 'capacity-short', `all sites carry ${percent(load / target)} of their targets`);
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const perSec = (rate: number): string => `${rate.toFixed(1)} a second`;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
