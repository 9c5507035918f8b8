// What changes something: orders, reloads; and what can be read of it afterwards: audit and events.

import { z } from 'zod';
import { count, id, line, listOf, MAX_AUTHOR_LENGTH, MAX_REASON_LENGTH, order, percent, wallMs } from './common.ts';
import { scope, watchSec } from './staged.ts';
import { foundProblem } from './zones.ts';

/** Ten years. */
const LONGEST_SEC = 3650 * 86_400;

const terms = {
  what: id('A site, pool or member by its name, or a glob that says which: site:fra, pool:web, web/fra, web/*'),
  reason: line(MAX_REASON_LENGTH, 'Why, for those who find it'),
  author: line(MAX_AUTHOR_LENGTH, 'Who orders it, where no token says so').optional(),
  forSec: z.int().min(1).max(LONGEST_SEC).nullable().default(null).describe('Ends by itself after so many seconds; null = never'),
  isTool: z.boolean().default(false).describe('A tool orders it; orders of people are stronger'),
  dryRun: z.boolean().default(false).describe('Only tell what would happen'),
  breakGlass: z.boolean().default(false).describe('Do it although a safety rule forbids it; needs the role admin'),
};

export const orderRequest = z.strictObject({ action: z.enum(['up', 'down', 'drain']), ...terms }).meta({ id: 'OrderRequest' });

export const drainRequest = z.strictObject(terms).meta({ id: 'DrainRequest' });

export const undrainRequest = z
  .strictObject({ what: terms.what.describe('As it was drained, or the id of the order'), dryRun: terms.dryRun })
  .meta({ id: 'UndrainRequest' });

const before = { before: z.number(), after: z.number() };

export const forecast = z
  .object({
    sitesServing: z.object(before).describe('Sites with a member that gets traffic'),
    capacityPercent: z
      .object(before)
      .describe('Of what all sites together have: configured capacity if each has one, else weight'),
    movedPercent: percent('Of what serves now, by the same measure, that stops serving'),
    broken: z
      .array(z.object({ rule: z.enum(['leastSites', 'leastCapacityPercent', 'mostMovedPercent']), message: z.string() }))
      .describe('Safety rules that forbid it'),
    sites: z
      .array(
        z.object({
          site: z.string(),
          beforePercent: percent('Now'),
          afterPercent: percent('Then'),
          stays: z
            .array(
              z.object({
                policy: z.string(),
                percent: percent('Its part of afterPercent'),
                lastResort: z.string().describe('What the policy does when nobody it may choose is up'),
              }),
            )
            .describe('Of a site that is ordered out whole: the policies that give it all the same, having nobody else'),
        }),
      )
      .nullable()
      .describe(
        'Share of answers by site, each place of each policy counted once; null unless it is a dry run, or if this process does not answer',
      ),
  })
  .meta({ id: 'Forecast', description: 'What an order would do, from the same code that steers' });

export const orderReply = z
  .object({
    isDone: z.boolean().describe('false = a dry run'),
    order,
    members: z.array(z.string()).describe('Whom it names now'),
    forecast,
    version: count('Of the set of orders, also in the ETag'),
  })
  .meta({ id: 'OrderReply' });

export const recallReply = z
  .object({
    isDone: z.boolean().describe('false = a dry run'),
    removed: z.array(order),
    forecast,
    version: count('Of the set of orders, also in the ETag'),
  })
  .meta({ id: 'RecallReply' });

export const overrideItem = order
  .extend({
    members: z.array(z.string()).describe('Whom it names now; empty = most likely it is misspelt'),
    leftPercent: percent('Of a drain: what of the weight of those it names still gets new clients').nullable(),
  })
  .meta({ id: 'Override' });

export const overrideList = listOf(overrideItem)
  .extend({ version: count('Grows with each change, also in the ETag') })
  .meta({ id: 'OverrideList' });

export const reloadRequest = z
  .strictObject({ dryRun: z.boolean().default(false).describe('Read and check only'), watchSec, scope })
  .meta({ id: 'ReloadRequest' });

const diff = z.object({ added: z.array(z.string()), removed: z.array(z.string()), changed: z.array(z.string()) });

export const reloadReply = z
  .object({
    isDone: z.boolean().describe('false = a dry run, or refused'),
    isAccepted: z.boolean().describe('There is no error in the files'),
    problems: z.array(foundProblem),
    zonesRead: count('Zones that were read anew'),
    zonesKept: count('Zones whose files have not changed'),
    tookMs: z.number(),
    changes: z
      .object({ sites: diff, pools: diff, members: diff, policies: diff, probes: diff, zones: diff })
      .nullable()
      .describe('Against what is served, by name; null = it cannot be told'),
  })
  .meta({ id: 'ReloadReply' });

export const auditEntry = z
  .object({
    seq: count('Grows by one'),
    atMs: wallMs('When it was acknowledged'),
    actor: z.string().describe('Name of the token, loopback, or control socket'),
    via: z.enum(['api', 'socket', 'signal', 'trial']),
    action: z.enum(['order', 'recall', 'reload', 'zone', 'trial', 'silence', 'unsilence', 'purge']),
    result: z.enum(['done', 'refused']),
    isBreakGlass: z.boolean(),
    subject: z.string().describe('Whom it names'),
    reason: z.string(),
    detail: z.string(),
    requestId: z.string(),
  })
  .meta({ id: 'AuditEntry' });

export const auditList = z
  .object({
    items: z.array(auditEntry).describe('The newest first'),
    next: z.int().nullable().describe('`before` of the next page; null = there is nothing older'),
  })
  .meta({ id: 'AuditList' });

export const event = z
  .object({
    id: z.string().describe('For Last-Event-ID'),
    atMs: wallMs('When it happened'),
    kind: z.enum(['health', 'order', 'recall', 'reload', 'mesh', 'alert']),
    level: z.enum(['info', 'warning', 'error']),
    text: z.string().describe('One line for people'),
    member: z.string().nullable(),
    pool: z.string().nullable(),
    site: z.string().nullable(),
    isUp: z.boolean().nullable().describe('Of a member: whether it gets traffic now'),
    change: z.string().nullable().describe('Id of the change of a verdict behind it: in log lines, explanations and traces too'),
  })
  .meta({ id: 'Event', description: 'Sent as `data` of a server-sent event whose name is the kind' });

export const eventList = z
  .object({ items: z.array(event).describe('The newest first'), total: count('Events that are kept') })
  .meta({ id: 'EventList' });

export type OrderRequest = z.output<typeof orderRequest>;
export type Forecast = z.output<typeof forecast>;
export type OrderReply = z.output<typeof orderReply>;
export type RecallReply = z.output<typeof recallReply>;
export type OverrideItem = z.output<typeof overrideItem>;
export type ReloadReply = z.output<typeof reloadReply>;
export type AuditEntry = z.output<typeof auditEntry>;
export type AdminEvent = z.output<typeof event>;
