// The resources of the API that the page shows. Their types are those of its schemas (src/admin/schemas), of which nothing but the
// types gets into the bundle.

import type { AdminEvent, Forecast, OrderReply, OverrideItem, RecallReply } from '../../../src/admin/schemas/changes.ts';
import type { Status } from '../../../src/admin/schemas/status.ts';
import type { Explanation, Place, Policy } from '../../../src/admin/schemas/steering.ts';
import type { Objective, RateSample } from '../../../src/admin/schemas/watch.ts';
import type { Member, Pool, Site } from '../../../src/admin/schemas/world.ts';
import type { StreamEvent } from './event-stream.ts';
import { ask } from './http.ts';

/** Everything that is fetched again and again. */
export interface World {
  readonly status: Status;
  readonly sites: readonly Site[];
  readonly pools: readonly Pool[];
  readonly members: readonly Member[];
  readonly orders: readonly OverrideItem[];
  readonly policies: readonly Policy[];
  readonly objectives: readonly Objective[];
}

export type Family = 4 | 6;

export interface Session {
  readonly name: string;
  readonly role: 'viewer' | 'operator' | 'admin';
  readonly isOpen: boolean;
}

interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

/** Most items that the server puts in one reply. */
const PAGE_LIMIT = 1000;

async function all<Item>(path: string): Promise<readonly Item[]> {
  const items: Item[] = [];
  let after: string | null = null;
  do {
    const query: string = `${path.includes('?') ? '&' : '?'}limit=${PAGE_LIMIT}${after === null ? '' : `&after=${encodeURIComponent(after)}`}`;
    const { body }: { readonly body: Page<Item> } = await ask<Page<Item>>(`${path}${query}`);
    items.push(...body.items);
    after = body.next;
  } while (after !== null);
  return items;
}

/** What comes in one piece. */
const listed = async <Item>(path: string): Promise<readonly Item[]> =>
  (await ask<{ readonly items: readonly Item[] }>(path)).body.items;

export const fetchStatus = async (): Promise<Status> => (await ask<Status>('/v1/status')).body;

export async function fetchWorld(): Promise<World> {
  const [status, sites, pools, members, orders, policies, objectives] = await Promise.all([
    fetchStatus(),
    all<Site>('/v1/sites'),
    all<Pool>('/v1/pools'),
    all<Member>('/v1/members'),
    all<OverrideItem>('/v1/overrides'),
    all<Policy>('/v1/policies'),
    listed<Objective>('/v1/objectives'),
  ]);
  return { status, sites, pools, members, orders, policies, objectives };
}

export const fetchSession = async (): Promise<Session> => (await ask<Session>('/v1/session')).body;

/** Who serves each country by a policy now, or would if the sites of `without` were out of service. */
export const fetchPlaces = (policy: string, family: Family, without: readonly string[]): Promise<readonly Place[]> => {
  const off = without.length === 0 ? '' : `&without=${encodeURIComponent(without.join())}`;
  return all<Place>(`/v1/policies/${encodeURIComponent(policy)}/places?family=${family}${off}`);
};

export async function fetchExplanation(name: string, client: string, type: string): Promise<Explanation> {
  return (await ask<Explanation>(`/v1/explain?${new URLSearchParams({ name, client, type })}`)).body;
}

/** What a person decided in a dialog. */
export interface Terms {
  readonly what: string;
  readonly reason: string;
  readonly author: string;
  /** null = until it is taken back. */
  readonly forSec: number | null;
  readonly breakGlass: boolean;
}

/** What a change would do, asked for before it is made. */
export interface Preview {
  readonly forecast: Forecast;
  /** Of the set of orders that the forecast was made for. */
  readonly etag: string;
}

export async function forecastDrain(what: string): Promise<Preview> {
  const body = { what, reason: 'forecast', author: 'dashboard', dryRun: true };
  const reply = await ask<OrderReply>('/v1/drain', { method: 'POST', body });
  return { forecast: reply.body.forecast, etag: reply.etag };
}

/** Of taking back an order. */
export async function forecastRecall({ id }: OverrideItem): Promise<Preview> {
  const reply = await ask<RecallReply>(`${orderPath(id)}?dryRun=true`, { method: 'DELETE' });
  return { forecast: reply.body.forecast, etag: reply.etag };
}

const orderPath = (id: string): string => `/v1/overrides/${encodeURIComponent(id)}`;
const onlyIf = (etag: string): Record<string, string> => (etag === '' ? {} : { 'if-match': etag });

/** Takes clients away, little by little, if the orders are still those that `etag` stands for. */
export async function drain({ author, ...terms }: Terms, etag: string): Promise<OrderReply> {
  const body = { ...terms, ...(author === '' ? {} : { author }) };
  const headers = { ...onlyIf(etag), 'idempotency-key': crypto.randomUUID() };
  return (await ask<OrderReply>('/v1/drain', { method: 'POST', body, headers })).body;
}

/** Takes one order back. */
export async function recall({ id }: OverrideItem, breakGlass: boolean, etag: string): Promise<RecallReply> {
  const headers = { ...onlyIf(etag), 'idempotency-key': crypto.randomUUID() };
  return (await ask<RecallReply>(`${orderPath(id)}?breakGlass=${breakGlass}`, { method: 'DELETE', headers })).body;
}

/** What has happened lately, the newest first. */
export async function fetchEvents(limit: number): Promise<readonly AdminEvent[]> {
  return listed<AdminEvent>(`/v1/events?limit=${limit}`);
}

/** Answers a second, every two seconds of the last five minutes. */
export const fetchRates = (): Promise<readonly RateSample[]> => listed<RateSample>('/v1/rates');

/** An event of the stream; null for what is none of ours. */
export const readEvent = ({ data }: StreamEvent): AdminEvent | null => read<AdminEvent>(data, 'text', 'atMs');

/** Likewise, of an event `rates`. */
export const readSample = ({ data }: StreamEvent): RateSample | null => read<RateSample>(data, 'atMs', 'byRcode', 'bySite');

/** JSON with these keys. */
function read<Thing>(text: string, ...keys: readonly string[]): Thing | null {
  try {
    const thing: unknown = JSON.parse(text);
    return typeof thing === 'object' && thing !== null && keys.every((key) => key in thing) ? (thing as Thing) : null;
  } catch {
    return null;
  }
}
