// What a server sees of itself: alerts, silences, objectives, rates.

import { z } from 'zod';
import { count, id, line, MAX_AUTHOR_LENGTH, MAX_REASON_LENGTH, wallMs } from './common.ts';

const LONGEST_SEC = 90 * 86_400;
const LEAST_SEC = 60;

export const silence = z
  .object({
    id: z.string(),
    what: z.string().describe('Glob of the alerts that nobody is told of: name, or name/subject'),
    reason: z.string(),
    author: z.string(),
    createdMs: wallMs('When it was made'),
    expiresMs: wallMs('When it ends by itself'),
  })
  .meta({ id: 'Silence' });

const activeAlert = z
  .object({
    name: z.string().describe('A section of docs/handbook.md: answers-failing is MeridianAnswersFailing there'),
    subject: z.string().describe('Of whom; empty = the server as a whole'),
    severity: z.enum(['warning', 'critical']),
    state: z.enum(['pending', 'firing']).describe('pending: it has not lasted long enough'),
    text: z.string().describe('One line for people'),
    sinceMs: wallMs('When it was seen first'),
    silence: z.string().nullable().describe('Id of the silence that keeps it from being told'),
  })
  .meta({ id: 'Alert' });

export const alertReport = z
  .object({
    active: z.array(activeAlert),
    silences: z.array(silence),
    receivers: z.array(
      z.object({
        receiver: z.string(),
        waiting: count('Messages that wait'),
        delivered: count('Messages delivered since the start'),
        failedAttempts: count('Attempts that failed'),
        dead: count('Messages that were given up'),
      }),
    ),
  })
  .meta({
    id: 'Alerts',
    description: 'Alerts and receivers are of this server, others have their own; silences are of the whole mesh',
  });

export const silenceRequest = z
  .strictObject({
    what: line(256, 'An alert by its name, or name/subject, or a glob of these'),
    reason: line(MAX_REASON_LENGTH, 'Why, for those who find it'),
    author: line(MAX_AUTHOR_LENGTH, 'Who, where no token says so').optional(),
    forSec: z.int().min(LEAST_SEC).max(LONGEST_SEC).describe('Ends by itself after so many seconds'),
  })
  .meta({ id: 'SilenceRequest' });

export const silenceParams = z.strictObject({ id: id('Id of the silence') });

const objective = z.object({
  name: z.enum(['availability', 'steering']),
  objective: z.number().describe('Part of all answers that should be good, 0 to 1'),
  budgetLeft: z.number().describe('Of the error budget of three days, what is left; below 0 it is overdrawn'),
  burning: z.string().nullable().describe('Why somebody should be told'),
  windows: z.array(
    z.object({
      window: z.enum(['5m', '1h', '6h', '3d']),
      total: count('Answers'),
      bad: count('Of those, not as promised'),
      burnRate: z.number().describe('At 1 the error budget lasts exactly as long as it should'),
    }),
  ),
});

export const objectiveList = z
  .object({ items: z.array(objective) })
  .meta({ id: 'Objectives', description: 'What this server promises and how well it keeps it' });

const perSec = (what: string) => z.record(z.string(), z.number()).describe(what);

export const rateSample = z
  .object({
    atMs: wallMs('When'),
    byRcode: perSec('Replies a second by rcode; dropped = left without one'),
    bySite: perSec('Steered answers a second by the site of the first address'),
  })
  .meta({ id: 'RateSample' });

export const rateList = z
  .object({ items: z.array(rateSample).describe('Every two seconds of the last five minutes, the oldest first') })
  .meta({ id: 'Rates' });

export type AlertReport = z.output<typeof alertReport>;
export type Silence = z.output<typeof silence>;
export type SilenceRequest = z.output<typeof silenceRequest>;
export type Objective = z.output<typeof objective>;
export type RateSample = z.output<typeof rateSample>;
