// What the API needs of the process it belongs to. app/ implements it: admin/ knows no thread, no mesh and no steering.

import type { Problem } from '../base/errors.ts';
import type { Result } from '../base/result.ts';
import type { Sample } from './exposition.ts';
import type {
  AdminEvent,
  AuditEntry,
  OrderReply,
  OrderRequest,
  OverrideItem,
  RecallReply,
  ReloadReply,
} from './schemas/changes.ts';
import type { PurgeReplyBody } from './schemas/purge.ts';
import type { StagedState } from './schemas/staged.ts';
import type { Status } from './schemas/status.ts';
import type { ExplainQuery, Explanation, Place, Policy, Zone } from './schemas/steering.ts';
import type { AlertReport, Objective, RateSample, Silence, SilenceRequest } from './schemas/watch.ts';
import type { Member, Pool, Probe, Site } from './schemas/world.ts';
import type { ZoneReply } from './schemas/zones.ts';

/** Who changes something, for the audit. */
export interface Actor {
  /** Name of the token; `loopback` without one. */
  readonly name: string;
  readonly requestId: string;
}

/** The terms of a change that concern its safety. */
export interface ChangeTerms {
  readonly actor: Actor;
  /** The change is made only to this version of the set of orders; null = to the newest. */
  readonly ifVersion: number | null;
}

export interface RecallRequest {
  /** Id or glob of orders. */
  readonly what: string;
  /** Only orders that do this; null = all. */
  readonly action: 'drain' | null;
  readonly dryRun: boolean;
  readonly breakGlass: boolean;
}

/** A new text in place of the file of a zone. */
export interface ZoneRequest {
  /** Its name, absolute and in lower case. */
  readonly zone: string;
  readonly text: string;
  readonly dryRun: boolean;
  /** How long it is on trial; 0 = not at all. */
  readonly watchSec: number;
  readonly scope: StagedState['scope'];
  /** Of the file that the text is meant to replace; null = whatever it is. */
  readonly ifTag: string | null;
}

export interface ReloadTerms {
  readonly dryRun: boolean;
  /** Above 0: on trial for so long. */
  readonly watchSec: number;
  readonly scope: StagedState['scope'];
}

/** A port in the same thread replies at once, one in another thread a little later. */
type Soon<T> = T | Promise<T>;

/** Reads are of one moment each and wait for nobody. Changes resolve when they are kept, in force and in the audit. */
export interface AdminPort {
  status(): Soon<Status>;
  sites(): Soon<readonly Site[]>;
  pools(): Soon<readonly Pool[]>;
  members(): Soon<readonly Member[]>;
  policies(): Soon<readonly Policy[]>;
  /**
   * With `without` as if these sites were out of service. Undefined if there is no such policy; ERR_ROLE if this process does not
   * answer, ERR_USAGE if there is no such site.
   */
  places(policy: string, family: 4 | 6, without: readonly string[]): Soon<Result<readonly Place[], Problem> | undefined>;
  probes(): Soon<readonly Probe[]>;
  zones(): Soon<readonly Zone[]>;
  /** The zone as a master file; undefined if it is not served. */
  zoneText(zone: string): Soon<string | undefined>;
  /** The file that the zone was read from, and the tag of its content; undefined if it is not served. ERR_ROLE, ERR_ZONE_FILE. */
  zoneFile(zone: string): Promise<Result<{ readonly text: string; readonly tag: string }, Problem> | undefined>;
  /** Undefined if it is not served; ERR_ROLE, ERR_ZONE_FILE, ERR_API_VERSION, ERR_AUDIT. */
  putZone(request: ZoneRequest, actor: Actor): Promise<Result<ZoneReply, Problem> | undefined>;
  explain(query: ExplainQuery): Soon<Result<Explanation, Problem>>;
  overrides(): Soon<{ readonly version: number; readonly items: readonly OverrideItem[] }>;
  /** ERR_SAFETY if a rule forbids it; ERR_API_VERSION, ERR_OVERRIDE, ERR_USAGE, ERR_AUDIT, ERR_MESH_*. */
  order(request: OrderRequest & { readonly author: string }, terms: ChangeTerms): Promise<Result<OrderReply, Problem>>;
  recall(request: RecallRequest, terms: ChangeTerms): Promise<Result<RecallReply, Problem>>;
  /** ERR_TRIAL if a change goes on that it would disturb. */
  reload(terms: ReloadTerms, actor: Actor): Promise<Result<ReloadReply, Problem>>;
  /** ERR_API_NOT_FOUND if there is no such site; ERR_USAGE, ERR_MESH_CONFLICT, ERR_MESH_UNAVAILABLE, ERR_AUDIT. */
  purge(request: { readonly site: string; readonly pattern: string }, actor: Actor): Promise<Result<PurgeReplyBody, Problem>>;
  /** The change on trial, or the last one that was. */
  staged(): Soon<StagedState | null>;
  /** ERR_API_NOT_FOUND if none is on trial. */
  decide(isKept: boolean, breaksGlass: boolean, actor: Actor): Promise<Result<StagedState, Problem>>;
  /** The newest first, those before `before` (a seq). */
  audit(before: number | null, limit: number): Promise<readonly AuditEntry[]>;
  readonly events: EventSource;
  /** For /metrics. */
  sample(): Soon<Sample>;
  readonly watch: WatchPort;
}

/** What the process sees of itself. Changes resolve when they are on the disk and in the audit. */
export interface WatchPort {
  alerts(): Soon<AlertReport>;
  /** ERR_SILENCE, ERR_STATE, ERR_AUDIT. */
  silence(request: SilenceRequest & { readonly author: string }, actor: Actor): Promise<Result<Silence, Problem>>;
  endSilence(id: string, actor: Actor): Promise<Result<Silence, Problem>>;
  objectives(): Soon<readonly Objective[]>;
  readonly rates: {
    /** The oldest first. */
    readonly samples: readonly RateSample[];
    /** Calls `listen` with each new one until the returned function is called. */
    subscribe(listen: (sample: RateSample) => void): () => void;
  };
}

/** What has happened lately, and what happens from now on. */
export interface EventSource {
  /** The newest first. */
  recent(limit: number): readonly AdminEvent[];
  /** Events behind the one with this id, oldest first; undefined if it is not kept (any more). */
  since(id: string): readonly AdminEvent[] | undefined;
  /** Calls `listen` at each event until the returned function is called. */
  subscribe(listen: (event: AdminEvent) => void): () => void;
}
