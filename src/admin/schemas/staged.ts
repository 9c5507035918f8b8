// A change on trial: in force, watched, and taken back by itself if the server does worse.

import { z } from 'zod';
import { wallMs } from './common.ts';

/** An hour: who wants to watch longer looks at graphs. */
const LONGEST_WATCH_SEC = 3600;

export const watchSec = z.coerce
  .number()
  .int()
  .min(0)
  .max(LONGEST_WATCH_SEC)
  .default(0)
  .describe('Watch the server so many seconds, and take the change back if it does worse; 0 = no trial');

export const scope = z
  .enum(['server', 'all'])
  .default('server')
  .describe('all = after the time of trial all servers take it over, or nobody keeps it');

export const staged = z
  .object({
    what: z.enum(['reload', 'zone']),
    subject: z.string().describe('Name of the zone; empty for a reload'),
    actor: z.string(),
    phase: z
      .enum(['watching', 'asking', 'applying', 'kept', 'rolled-back', 'superseded', 'stuck'])
      .describe(
        'asking, applying = all servers look whether they could have it, and take it over; superseded = another change came first; stuck = it should have been taken back, but could not',
      ),
    startedMs: wallMs('When the change came into force'),
    endsMs: wallMs('When the trial ends, or ended'),
    reason: z.string().nullable().describe('Why it ended so; null = it goes on'),
    scope: z.enum(['server', 'all']),
    server: z.string().nullable().describe('Where it is tried; null = here'),
    servers: z
      .array(
        z.object({
          server: z.string(),
          state: z
            .enum(['asked', 'ready', 'applied', 'refused', 'restored', 'stuck'])
            .describe('ready = it could have it; restored = it had it, and has given it back'),
          reason: z.string().nullable(),
        }),
      )
      .describe('With the scope all: how far each server is'),
  })
  .meta({ id: 'StagedChange', description: 'A change on trial, or the last one that was' });

export const decision = z
  .strictObject({
    action: z.enum(['keep', 'rollback']).describe('End the trial now'),
    breakGlass: z.boolean().default(false).describe('Keep it although other servers refuse or are away; needs the role admin'),
  })
  .meta({ id: 'Decision' });

export type StagedState = z.output<typeof staged>;
