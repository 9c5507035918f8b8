// What the resources of the API are made of: ids, times, pages, and the one form of an error (RFC 9457). The descriptions are the
// text of the OpenAPI document. Times are milliseconds of the wall clock since 1970 where a name ends in Ms, ages where in AgeMs.

import { z } from 'zod';

const MOST_ITEMS = 1000;
const USUAL_ITEMS = 100;
const MAX_ID_LENGTH = 512;
export const MAX_REASON_LENGTH = 1000;
export const MAX_AUTHOR_LENGTH = 256;

export const id = (what: string) => z.string().min(1).max(MAX_ID_LENGTH).describe(what);
export const count = (what: string) => z.int().min(0).describe(what);
export const wallMs = (what: string) => z.int().min(0).describe(`${what}, milliseconds since 1970`);
export const percent = (what: string) => z.number().min(0).max(100).describe(what);
export const family = z.union([z.literal(4), z.literal(6)]).describe('IP version');

/** One line of text: it is shown in tables and logs. */
export const line = (maxLength: number, what: string) =>
  z
    .string()
    .trim()
    .min(1)
    .max(maxLength)
    .regex(/^[^\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]*$/u, 'must be one line without control characters')
    .describe(what);

/** Query of every list. */
export const page = z.strictObject({
  limit: z.coerce.number().int().min(1).max(MOST_ITEMS).default(USUAL_ITEMS).describe('Most items in the reply'),
  after: z.string().min(1).max(MAX_ID_LENGTH).optional().describe('Id of the item to go on behind: `next` of the reply before'),
});

export type Page = z.output<typeof page>;

/** Reply of every list. */
export const listOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    items: z.array(item),
    total: count('Items in all pages'),
    next: z.string().nullable().describe('`after` of the next page; null = this is the last'),
  });

export const problem = z
  .object({
    type: z.string().describe('urn:meridian:problem: and the code'),
    title: z.string().describe('The kind of problem, the same for each code'),
    status: z.int().min(400).max(599),
    code: z.string().describe('A code of docs/reference/errors.md'),
    detail: z.string().describe('What was found and what is allowed'),
    requestId: z.string().describe('Stands in the log of the server too'),
    fields: z
      .array(z.object({ field: z.string().describe('Dotted path, such as body.reason'), message: z.string() }))
      .describe('What is wrong with which field of the request'),
  })
  .meta({ id: 'Problem', description: 'Why a request was refused, and nothing changed (RFC 9457)' });

export type Problem = z.output<typeof problem>;

export const order = z
  .object({
    id: z.string(),
    glob: z.string().describe('Whom it names: web/fra, web/*, site:fra, pool:web'),
    action: z.enum(['up', 'down', 'drain']),
    source: z.enum(['human', 'tool']).describe('Orders of people are stronger'),
    reason: z.string(),
    author: z.string(),
    createdMs: wallMs('When it was given'),
    expiresMs: wallMs('When it ends by itself').nullable().describe('null = stands until it is taken back'),
  })
  .meta({ id: 'Order', description: 'An order of a person or a tool (override), stronger than what the checks see' });
