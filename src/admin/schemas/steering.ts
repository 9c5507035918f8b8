// Policies, the places they tell apart, zones, and why a client gets the answer it gets.

import { z } from 'zod';
import { count, family, id, listOf, percent, wallMs } from './common.ts';

const nodeKind = z.enum(['pool', 'nearest', 'map', 'failover', 'weighted']);

export const policy = z
  .object({
    id: z.string(),
    pick: z.enum(['round-robin', 'sticky']),
    answers: z.int().describe('Members that one reply names'),
    granularityV4: z.int().describe('Prefix length of the finest client network that a sticky choice tells apart'),
    granularityV6: z.int(),
    lastResort: z.enum(['serve-all', 'last-good', 'fallback', 'nodata', 'servfail']),
    fallbackPool: z.string().nullable().describe('With lastResort fallback'),
    spills: z.boolean().describe('It moves load away from full sites'),
    nodes: z
      .array(
        z.object({
          path: z.string(),
          kind: nodeKind,
          depth: count('Nodes above it'),
          when: z.string().nullable().describe('Under which condition its parent leads here, such as continent EU'),
          weight: z.int().nullable(),
          pool: z.string().nullable().describe('Of pool and nearest'),
        }),
      )
      .describe('The tree, parents first'),
  })
  .meta({ id: 'Policy' });

export const policyList = listOf(policy).meta({ id: 'PolicyList' });

const siteShare = z.object({ site: z.string(), percent: percent('Share of the answers') });

export const place = z
  .object({
    id: z.string().describe('Country, ISO 3166-1 alpha-2'),
    continent: z.string(),
    latitude: z.number().describe('The middle of the country, as which it counts here'),
    longitude: z.number(),
    sites: z.array(siteShare).describe('The largest share first; empty = no address'),
    lastResort: z.string().nullable().describe('If nothing that the policy may choose is up: what decides'),
  })
  .meta({ id: 'Place', description: 'Who serves the middle of a country now by one policy' });

export const placeList = listOf(place).meta({ id: 'PlaceList' });

export const zone = z
  .object({
    id: z.string().describe('Name of the apex, with its final dot'),
    serial: z.int(),
    records: count('Resource records'),
    policies: z.array(z.string()).describe('Policies that its GSLB records name'),
    usesEcs: z.boolean().describe('GSLB records look at client subnets'),
    files: z.array(z.string()).describe('What it was read from'),
  })
  .meta({ id: 'Zone' });

export const zoneList = listOf(zone).meta({ id: 'ZoneList' });

export const explainQuery = z.strictObject({
  name: id('Domain name; the final dot may be missing'),
  client: id('Address or network of the client, such as 192.0.2.1 or 192.0.2.0/24'),
  type: z.string().min(1).max(32).default('A').describe('Record type'),
});

const placeFacts = z.object({
  continent: z.string().nullable(),
  country: z.string().nullable(),
  subdivision: z.string().nullable(),
  asn: z.number().nullable(),
  latitude: z.number().nullable(),
  longitude: z.number().nullable(),
  tag: z.string().nullable(),
  networks: z.array(z.number()),
});

const considered = z.object({
  what: z.enum(['member', 'child']),
  name: z.string(),
  site: z.string().nullable(),
  weight: z.number().nullable(),
  fate: z.enum(['kept', 'reserve', 'dropped']),
  why: z.string(),
});

const step = z.object({
  path: z.string(),
  kind: nodeKind,
  depth: z.int(),
  rule: z.object({ matched: z.string(), child: z.string(), passed: z.array(z.string()) }).nullable(),
  sites: z
    .array(
      z.object({
        site: z.string(),
        distanceKm: z.number().nullable(),
        biasPercent: z.number(),
        biasedKm: z.number().nullable(),
        group: z.int(),
      }),
    )
    .nullable(),
  considered: z.array(considered),
});

export const explanation = z
  .object({
    name: z.string(),
    type: z.string(),
    client: z.string(),
    evidence: z.array(z.string()).describe('What databases and network maps say, the weakest first'),
    cell: z.int(),
    network: z.string().describe('The largest network around the client that lies in the cell'),
    zone: z.string().nullable().describe('null = none is served'),
    steered: z.string().nullable().describe('Owner of the GSLB record that decided'),
    steering: z
      .object({
        policy: z.string(),
        family,
        place: placeFacts,
        pick: z.enum(['round-robin', 'sticky']),
        answers: z.int(),
        steps: z.array(step),
        result: z.enum(['answer', 'nodata', 'servfail']),
        lastResort: z.string().nullable(),
        shares: z.array(z.object({ member: z.string(), site: z.string(), weight: z.number(), total: z.number() })),
        reserve: z.array(z.string()),
      })
      .nullable(),
    changes: z
      .array(
        z.object({
          member: z.string(),
          change: z.string().describe('Id of the change: in log lines, events and traces too'),
          isUp: z.boolean(),
          atMs: wallMs('When it was concluded'),
          answeredMs: wallMs('Since when all threads answer by it')
            .nullable()
            .describe('null = not yet, or it makes no difference'),
        }),
      )
      .describe('The last change of each member that was considered, since this server started; the newest first'),
    rcode: z.string(),
    answers: z.array(z.string()),
    authorities: z.array(z.string()),
    scopePrefixLen: z.int().nullable().describe('ECS scope that is announced'),
  })
  .meta({ id: 'Explanation' });

export type Policy = z.output<typeof policy>;
export type Place = z.output<typeof place>;
export type Zone = z.output<typeof zone>;
export type Explanation = z.output<typeof explanation>;
export type ExplainQuery = z.output<typeof explainQuery>;
