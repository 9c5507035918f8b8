// What is taken out of caches by order.

import { z } from 'zod';
import { count } from './common.ts';

/** Longest pattern (site/l7/cache/purge.ts). */
const MAX_PATTERN_LENGTH = 2048;

export const purgeRequest = z
  .strictObject({
    pattern: z
      .string()
      .min(1)
      .max(MAX_PATTERN_LENGTH)
      .regex(/^[\x21-\x7e]+$/, 'must be HOST/PATH of visible ASCII, in which * stands for anything, or * alone')
      .describe('HOST/PATH, in which * stands for anything, or * alone for everything'),
  })
  .meta({ id: 'PurgeRequest' });

export const purgeReply = z
  .object({
    done: z
      .array(
        z.object({
          site: z.string(),
          listener: z.string(),
          purged: count('Responses that were taken out'),
          left: count('Responses that are still stored'),
        }),
      )
      .describe('At the agents of this process, by listener'),
    isShared: z.boolean().describe('The agents of other processes were told, and do it within seconds'),
  })
  .meta({ id: 'PurgeReply' });

export type PurgeReplyBody = z.output<typeof purgeReply>;
