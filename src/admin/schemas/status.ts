// The server at a glance.

import { z } from 'zod';
import { count, id, wallMs } from './common.ts';
import { staged } from './staged.ts';

const role = z.enum(['dns', 'probe', 'fleet', 'site', 'admin']);

const peer = z.object({
  id: z.string(),
  region: z.string(),
  roles: z.array(role),
  isWithdrawn: z.boolean().describe('It mistrusts itself and has taken its votes back'),
});

export const status = z
  .object({
    version: z.string(),
    atMs: wallMs('When this was true'),
    pid: z.int(),
    upSec: count('Seconds since the start'),
    self: peer,
    endpoints: z.array(z.object({ address: z.string(), port: z.int() })).describe('Where DNS is answered'),
    workers: z.object({ alive: count('Threads that answer'), wanted: count('Threads that should') }),
    generation: count('Loads of the configuration since the start'),
    zones: count('Zones served'),
    cells: count('Sets of client networks that the policies tell apart'),
    readiness: z.object({ isReady: z.boolean(), reasons: z.array(z.string()).describe('Why not, or what to know') }),
    mesh: z.object({
      kind: z.enum(['memory', 'redis']),
      state: z.enum(['joining', 'joined', 'stale']),
      ageMs: z.number().min(0).describe('Since the engine last answered'),
      ignored: count('Records that were not understood'),
      trouble: z.string().nullable(),
    }),
    peers: z.array(peer).describe('Live processes of the mesh, this one among them'),
    aggregators: z.array(z.string()).describe('Those whose verdicts stand in for votes'),
    health: z.object({
      concludedAgeMs: z.number().min(0).describe('Since health was last concluded'),
      members: count('Members configured'),
      serving: count('Members that get traffic, fully or in part'),
      down: count('Members that the checks see down, over any family'),
      unknown: count('Members with too few fresh votes'),
      unchecked: count('Members that nobody checks'),
      ordered: count('Members under an order'),
    }),
    overrides: z.object({ version: count('Grows with each change'), inForce: count('Orders that are not over') }),
    change: staged.nullable().describe('null = none since the start'),
    safety: z.object({
      leastSites: count('Fewest sites that an order may leave serving; 0 = any'),
      leastCapacityPercent: z.number(),
      mostMovedPercent: z.number(),
    }),
    counters: z
      .record(z.string(), z.number())
      .describe('Totals since the start, by the names of docs/reference/metrics.md with their labels; rates are differences'),
  })
  .meta({ id: 'Status' });

export const session = z
  .object({
    name: id('Name of the token; loopback without one'),
    role: z.enum(['viewer', 'operator', 'admin']),
    isOpen: z.boolean().describe('No token is asked for at this address'),
  })
  .meta({ id: 'Session', description: 'Who asks, and what they may do' });

export type Status = z.output<typeof status>;
