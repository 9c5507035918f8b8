// Sites, pools, members and probes: what is configured, what traffic follows, what is seen, by whom, and how old that is.

import { z } from 'zod';
import { count, family, listOf, order, percent } from './common.ts';

const OUTCOMES = [
  'ok',
  'refused',
  'timeout',
  'unreachable',
  'reset',
  'bad-status',
  'bad-content',
  'tls',
  'protocol',
  'unresolved',
  'not-checked',
] as const;

const vote = z.object({
  prober: z.string(),
  region: z.string(),
  isUp: z.boolean(),
  outcome: z.enum(OUTCOMES).describe('Of the newest check'),
  latencyUs: z.number().min(0).describe('Of the newest check, microseconds'),
  detail: z.string(),
  ageMs: z.number().min(0).describe('Since the newest check'),
  sinceMs: z.number().min(0).describe('How long the prober has been of this opinion, milliseconds'),
});

const memberFamily = z.object({
  family,
  isUp: z.boolean().describe('Whether traffic goes there: what is forced, else what is seen'),
  sharePermille: z.int().min(0).max(1000).describe('Part of its weight that it has now: less while it recovers or drains'),
  reason: z.string().describe('Why it is as it is, for people'),
  ttlSec: z.int().nullable().describe('Seconds until it could change; null = no change foreseen'),
  seen: z.enum(['up', 'down', 'unknown', 'unchecked']).describe('What the checks say, whatever is forced'),
  seenForMs: z
    .number()
    .nullable()
    .describe('How long it has been seen so, milliseconds; null = never otherwise, or nobody looks'),
  seenWhy: z.string().nullable(),
  votes: z.array(vote).describe('Fresh votes, one for each prober that looks'),
});

export const member = z
  .object({
    id: z.string().describe('pool/name'),
    pool: z.string(),
    site: z.string(),
    weight: z.int(),
    addresses: z.array(z.string()).describe('What clients are told'),
    alias: z.string().nullable().describe('Or the name that they are told'),
    isServing: z.boolean().describe('It gets traffic over some family'),
    state: z
      .enum(['up', 'down', 'unknown', 'unchecked', 'recovering', 'draining', 'drained', 'forced-up', 'forced-down'])
      .describe('The family that is worst off, in one word'),
    order: order.nullable().describe('The order in force'),
    families: z.array(memberFamily).describe('Those that it serves'),
  })
  .meta({ id: 'Member' });

export const memberList = listOf(member).meta({ id: 'MemberList' });

export const site = z
  .object({
    id: z.string(),
    latitude: z.number(),
    longitude: z.number(),
    pools: z.array(z.string()),
    members: count('Members at the site'),
    serving: count('Those of them that get traffic'),
    isServing: z.boolean().describe('Any of them does'),
    ordered: count('Members under an order'),
    down: count('Members that the checks see down'),
    capacity: z
      .object({ target: z.number(), max: z.number() })
      .nullable()
      .describe('As configured, in the unit of the operator; null = not known'),
    load: z
      .object({ current: z.number(), target: z.number().nullable(), max: z.number().nullable(), ageMs: z.number() })
      .nullable()
      .describe('What the agent of the site said last; null = there is none, or it is silent'),
    clientRtts: z
      .array(
        z.object({
          network: z.string().describe('A /24 of IPv4 or a /48 of IPv6'),
          connections: count('That were measured in the last five to ten minutes'),
          leastUs: z.number().describe('The least of these, microseconds'),
          smoothedUs: z.number().describe('Smoothed over connections, microseconds'),
        }),
      )
      .describe(
        'Round trips of clients, as the agents at the site have measured them: the 64 networks with the most connections',
      ),
    clients: z
      .array(
        z.object({
          network: z.string().describe('A /24 of IPv4 or a /48 of IPv6'),
          share: z.number().describe('Of the load of the site, 0..1'),
        }),
      )
      .describe(
        'Where the load comes from, by a random sample that the agents at the site take each 5 s: the 128 networks with the greatest shares; empty: they do not tell',
      ),
  })
  .meta({ id: 'Site' });

export const siteList = listOf(site).meta({ id: 'SiteList' });

export const pool = z
  .object({
    id: z.string(),
    probe: z.string().nullable().describe('null = nobody checks its members'),
    members: count('Members of the pool'),
    serving: count('Those of them that get traffic'),
    ordered: count('Members under an order'),
    isUpV4: z.boolean().describe('Above its watermark'),
    isUpV6: z.boolean(),
    watermarks: z
      .object({ lowPercent: percent('Down below'), highPercent: percent('Up again from'), of: z.enum(['members', 'weight']) })
      .nullable(),
    sites: z.array(z.string()),
  })
  .meta({ id: 'Pool' });

export const poolList = listOf(pool).meta({ id: 'PoolList' });

export const probe = z
  .object({
    id: z.string(),
    kind: z.enum(['tcp', 'tls', 'http', 'dns', 'udp', 'icmp', 'exec']),
    port: z.int().nullable(),
    intervalMs: z.number(),
    transitionIntervalMs: z.number().describe('While the state may be about to change'),
    timeoutMs: z.number(),
    rise: z.int().describe('Successes in a row until up'),
    fall: z.int().describe('Failures in a row until down'),
    vantagePoints: z.int().describe('Probers that look at each target'),
    targets: count('Members times families that it checks'),
  })
  .meta({ id: 'Probe' });

export const probeList = listOf(probe).meta({ id: 'ProbeList' });

export type Member = z.output<typeof member>;
export type Site = z.output<typeof site>;
export type Pool = z.output<typeof pool>;
export type Probe = z.output<typeof probe>;
