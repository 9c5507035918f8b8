// The file of a zone: what a new text would change, or has changed.

import { z } from 'zod';
import { count } from './common.ts';

export const foundProblem = z.object({
  severity: z.enum(['error', 'warning']),
  code: z.string(),
  message: z.string(),
  file: z.string().optional(),
  line: z.int().optional(),
  column: z.int().optional(),
});

const lines = z.object({
  total: count('Records'),
  lines: z.array(z.string()).describe('The first 500 of them, absolute, one a line'),
});

export const zoneReply = z
  .object({
    zone: z.string(),
    isDone: z.boolean().describe('false = a dry run, or refused'),
    isAccepted: z.boolean().describe('There is no error in the text'),
    problems: z.array(foundProblem),
    difference: z
      .object({
        serialBefore: z.int(),
        serialAfter: z.int(),
        added: lines.describe('Not served before'),
        removed: lines.describe('Served before'),
      })
      .nullable()
      .describe('Against what was served, record by record; null = there are errors'),
    tag: z.string().describe('Of the file as it is now, also in the ETag'),
  })
  .meta({ id: 'ZoneReply' });

export type ZoneReply = z.output<typeof zoneReply>;
