// Sections about health checks: `probes`, `prober`, `health`. The kinds of check are in check-schema.ts.

import type { z } from 'zod';
import { DEFAULT_HEALTH } from '../model/health.ts';
import { checkFields, KINDS } from './check-schema.ts';
import { complaint, duration, fields, flag, integer, listOf, mapOf, name, network, ONCE_RIGHT, oneOf } from './fields.ts';

/** When checks happen and what counts; the defaults differ between probes and the agent of a site. */
const cadenceFields = (usual: {
  readonly interval: string;
  readonly transition: string;
  readonly timeout: string;
  readonly connect: string;
  readonly rise: number;
  readonly fall: number;
}) => ({
  interval: duration('500ms', '1h')
    .prefault(usual.interval)
    .describe('Time between the starts of checks while the state is settled.'),
  transitionInterval: duration('100ms', '1h')
    .prefault(usual.transition)
    .describe('The same while the state is unknown or may be about to change; at most `interval`.'),
  timeout: duration('50ms', '60s')
    .prefault(usual.timeout)
    .describe('For one whole check, name look-up included; at most `interval`.'),
  connectTimeout: duration('50ms', '60s').prefault(usual.connect).describe('For connecting alone (TCP); at most `timeout`.'),
  rise: integer(1, 100, 'successes').default(usual.rise).describe('Successes in a row until whoever looks takes it as up again.'),
  fall: integer(1, 100, 'failures').default(usual.fall).describe('Failures in a row until whoever looks takes it as down.'),
});

interface Checked {
  readonly interval: number;
  readonly transitionInterval: number;
  readonly timeout: number;
  readonly connectTimeout: number;
}

/** Exactly one kind of check, and times that fit into one another. `noun` is what has the check. */
const oneCheck =
  (noun: string) =>
  <P extends Checked & { readonly [kind in (typeof KINDS)[number]]?: unknown }>(
    probe: P,
    { addIssue }: Pick<z.core.$RefinementCtx, 'addIssue'>,
  ): void => {
    const given = KINDS.filter((kind) => probe[kind] !== undefined);
    if (given.length !== 1) {
      const found = given.length === 0 ? 'has no check' : `has ${given.join(' and ')}`;
      const message = `${found}; ${noun} has exactly one of ${KINDS.join(', ')}`;
      addIssue(complaint(given.length === 0 ? 'ERR_CONFIG_MISSING' : 'ERR_CONFIG_VALUE', message));
    }
    const atMost = (key: 'transitionInterval' | 'timeout' | 'connectTimeout', bound: 'interval' | 'timeout'): void => {
      if (probe[key] <= probe[bound]) return;
      const message = `must be at most ${bound}, ${probe[bound]} ms, found ${probe[key]} ms`;
      addIssue({ ...complaint('ERR_CONFIG_VALUE', message), path: [key] });
    };
    atMost('transitionInterval', 'interval');
    atMost('timeout', 'interval');
    atMost('connectTimeout', 'timeout');
  };

/** A round trip of half a second, a second for a lost packet, and room for a busy server; well inside the interval. */
const probeSchema = fields({
  ...checkFields,
  ...cadenceFields({ interval: '5s', transition: '1s', timeout: '4s', connect: '2s', rise: 2, fall: 3 }),
  port: integer(1, 65_535)
    .nullable()
    .default(null)
    .describe('Where to connect unless the member says otherwise. null: 80 for http, 443 for https and tls, 53 for dns.'),
  vantagePoints: integer(1, 16, 'probers')
    .default(3)
    .describe('How many probers look at each member, in different regions as far as there are.'),
}).superRefine(oneCheck('a probe'), ONCE_RIGHT);

/**
 * Servers of a site, looked at from beside them: a round trip is short, and one that came back must prove itself longer, since the
 * others bear its load meanwhile.
 */
export const serverCheckSchema = fields({
  ...checkFields,
  ...cadenceFields({ interval: '2s', transition: '500ms', timeout: '2s', connect: '1s', rise: 5, fall: 3 }),
  port: integer(1, 65_535).nullable().default(null).describe('Where to connect; null: the port of each server.'),
}).superRefine(oneCheck('a check'), ONCE_RIGHT);

const proberSchema = fields({
  id: name().nullable().default(null).describe('Who we are among the servers of the mesh; null takes the name of the host.'),
  region: name()
    .default('default')
    .describe('Where we look from. A member goes down only if two regions see it, where there are two.'),
  weight: integer(1, 65_535).default(1).describe('Share of the checks that we take, relative to other probers.'),
  concurrency: integer(1, 16_384, 'checks').default(512).describe('Checks under way at once: bounds descriptors and memory.'),
  perSecond: integer(0, 100_000, 'checks a second').default(2500).describe('Starts of checks in all; 0 = no bound.'),
  perHostPerSecond: integer(0, 100_000, 'checks a second')
    .default(100)
    .describe('Starts of checks of one host (or address); 0 = no bound. Spreads what would hit one server at once.'),
  allow: listOf(network(), 0, 1024)
    .default([])
    .describe(
      'Networks that may be checked although they are denied by default: loopback, link-local (cloud metadata), multicast, reserved.',
    ),
  deny: listOf(network(), 0, 1024)
    .default([])
    .describe('Networks that may not be checked; stronger than `allow`. Judged by the address that is connected to.'),
});

const seconds = (ms: number): string => `${ms / 1000}s`;
const { leastVotes, leastRegions, flapGuard, slowStartMs, drainMs, withdrawal } = DEFAULT_HEALTH;

const healthSchema = fields({
  quorum: fields({
    votes: integer(0, 16, 'votes')
      .default(leastVotes)
      .describe('Fewest fresh votes to conclude anything from; 0 = a majority of the vantage points that there can be.'),
    regions: integer(0, 16, 'regions')
      .default(leastRegions)
      .describe('Fewest regions that must see a fault; 0 = two, where probers of two regions are alive.'),
  })
    .prefault({})
    .describe('When votes of probers become a verdict.'),
  flapGuard: flag().default(flapGuard).describe('Ask for more successes of members that keep flapping, so that they stay down.'),
  slowStart: duration('0s', '1h')
    .prefault(seconds(slowStartMs))
    .describe('Time over which a recovered member gets back its weight; 0s = at once.'),
  drain: duration('0s', '1h')
    .prefault(seconds(drainMs))
    .describe('Time over which a drained member loses its weight; 0s = at once.'),
  withdrawal: fields({
    share: integer(1, 100, 'percent').default(withdrawal.sharePercent).describe('So much of what was up must go down.'),
    least: integer(1, 65_535, 'targets').default(withdrawal.leastTargets).describe('Never for fewer targets than this.'),
    window: duration('1s', '10m').prefault(seconds(withdrawal.windowMs)).describe('Within this time.'),
  })
    .prefault({})
    .describe('When a prober mistrusts itself and takes back its votes: when everything goes down before its eyes.'),
});

export const probeSections = {
  probes: mapOf(name(), probeSchema, 'probe')
    .default({})
    .describe('Health checks, by the name that pools use. Each has exactly one of the kinds.')
    .meta({
      chapter: 'probes',
      example: `probes:
  web-check:
    http: { scheme: https, path: /healthz, host: www.example.test, body: { text: ready } }
    interval: 5s
    rise: 2
    fall: 3
  dns-check:
    dns: { name: example.test, type: SOA }
`,
    }),
  prober: proberSchema
    .prefault({})
    .describe('This process as one that checks: where it looks from, what it may look at, how much at once.')
    .meta({ chapter: 'prober', example: 'prober: { id: fra-1, region: europe, allow: [127.0.0.0/8] }\n' }),
  health: healthSchema
    .prefault({})
    .describe('How results become what traffic follows. The reasons for the defaults are in docs/health.md.')
    .meta({ chapter: 'health', example: 'health:\n  quorum: { votes: 2, regions: 2 }\n  slowStart: 2m\n' }),
};

/** Watermarks of a pool. */
export const watermarksSchema = fields({
  low: integer(0, 100, 'percent').describe('The pool goes down when less than this is up.'),
  high: integer(0, 100, 'percent').describe('And comes back when at least this is; not below `low`.'),
  of: oneOf('members', 'weight').default('members').describe('What is counted.'),
}).superRefine(({ low, high }, context) => {
  if (low <= high) return;
  context.addIssue({ ...complaint('ERR_CONFIG_VALUE', `must be at least low, ${low}, found ${high}`), path: ['high'] });
}, ONCE_RIGHT);

export type ProbeConfig = z.output<typeof probeSchema>;
export type ProberConfig = z.output<typeof proberSchema>;
export type HealthConfig = z.output<typeof healthSchema>;
