// `meridian simulate` reads scenarios: which configuration meets which clients, resolvers and misfortunes. A YAML file of its
// own, checked like the configuration.

import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import { hasErrors, type Problem } from '../base/errors.ts';
import { COUNTRIES } from '../geo/centroids.ts';
import { SAMPLE_MAX } from '../model/capacity.ts';
import { complaint, decimal, duration, fields, integer, listOf, ONCE_RIGHT, oneOf, parsed, path } from './fields.ts';
import { readRegularFile } from './files.ts';
import { problemsOf } from './issues.ts';
import { YamlSource } from './yaml.ts';

const MAX_FILE_OCTETS = 1024 * 1024;

const text = () => parsed('a text of 1 to 200 characters', (value) => (/^.{1,200}$/.test(value) ? value : undefined));
const country = () => parsed('an ISO 3166-1 alpha-2 code such as GB', (code) => (COUNTRIES.has(code) ? code : undefined));
const percent = () => decimal(0, 100, 'percent');

const EVENTS = ['crowd', 'down', 'drain', 'capacity', 'silence', 'cut'] as const;

/** Which keys say what an event is about. */
const SUBJECT = { crowd: 'country', down: 'site', drain: 'site', capacity: 'site', silence: 'site', cut: 'server' } as const;

const eventSchema = fields({
  at: duration('0s', '7d'),
  until: duration('0s', '7d').nullable().default(null),
  event: oneOf(...EVENTS),
  country: country().nullable().default(null),
  site: text().nullable().default(null),
  server: integer(1, 64).nullable().default(null),
  /** crowd: demand of the country times this; capacity: of the site times this. */
  times: decimal(0, 100, 'times').default(1),
  /** How long the change takes, in equal steps. */
  over: duration('0s', '24h').prefault('0s'),
}).superRefine((event, { addIssue }) => {
  const subject = SUBJECT[event.event];
  if (event[subject] === null)
    addIssue(complaint('ERR_CONFIG_MISSING', `lacks the key "${subject}", which ${event.event} needs`));
}, ONCE_RIGHT);

const scenarioSchema = fields({
  title: text(),
  config: path(),
  duration: duration('1m', '7d'),
  step: duration('500ms', '30s').prefault('1s'),
  /** Hours of UTC at the start. */
  start: decimal(0, 24, 'hours').default(18),
  seed: integer(1, 2_147_483_647).default(1),
  ttl: duration('1s', '1h').prefault('30s'),
  clients: fields({
    /** Load of the world at an average hour, in the unit of the sites. */
    load: decimal(0, 1e12, 'in the unit of the sites'),
    /** How much more than the average is asked at eight in the evening, local time, and less at eight in the morning. */
    swing: percent().default(0),
    /** Standard deviation of each country's demand, and of each site's reports. */
    noise: percent().default(2),
  }),
  resolvers: fields({
    /** Share of clients behind resolvers that say which network asks (RFC 7871). */
    ecs: percent().default(40),
    /** Share of resolvers that keep answers for at least `keep`. */
    violators: percent().default(5),
    keep: duration('1s', '1h').prefault('2m'),
    /** One resolver, in so many independent caches, serves this share of a country. */
    concentrated: fields({ country: country(), share: percent(), caches: integer(1, 64).default(4) })
      .nullable()
      .default(null),
  }).prefault({}),
  servers: integer(1, 64).default(3),
  agents: fields({
    every: duration('500ms', '5m').prefault('1s'),
    delay: duration('0s', '5m').prefault('1s'),
    loss: percent().default(1),
    /** Parts of the sample of its clients that an agent tells; 0 = it does not see them, as those of other balancers. */
    sample: integer(0, SAMPLE_MAX).default(SAMPLE_MAX),
  }).prefault({}),
  health: fields({
    detect: duration('0s', '10m').prefault('10s'),
    slowStart: duration('0s', '1h').prefault('1m'),
    drain: duration('0s', '1h').prefault('30s'),
  }).prefault({}),
  /** From when on the run is judged: before that a world fills that nobody knows anything of. */
  judgedFrom: duration('0s', '7d').prefault('0s'),
  /** From when on demand is steady, so that what still moves is the policy's own doing. */
  steadyFrom: duration('0s', '7d').nullable().default(null),
  events: listOf(eventSchema, 0, 100).default([]),
}).superRefine((scenario, { addIssue }) => {
  // Of a run in which nothing is judged all figures would be 0, as of the best.
  for (const key of ['judgedFrom', 'steadyFrom'] as const) {
    const fromMs = scenario[key];
    if (fromMs === null || fromMs < scenario.duration) continue;
    const message = `must be less than the duration of ${scenario.duration / 1000}s, found ${fromMs / 1000}s`;
    addIssue({ ...complaint('ERR_CONFIG_VALUE', message), path: [key] });
  }
}, ONCE_RIGHT);

export type Scenario = Omit<z.output<typeof scenarioSchema>, 'config'> & {
  /** Absolute. */
  readonly config: string;
};

export interface LoadedScenario {
  /** Absent if there is any error. */
  readonly scenario?: Scenario;
  readonly problems: readonly Problem[];
}

/** Never throws for what is in the file. The path of the configuration in it starts at its own directory. */
export function loadScenario(file: string): LoadedScenario {
  const read = readRegularFile(file, MAX_FILE_OCTETS);
  if (!read.ok) {
    const message = `scenario cannot be read: ${read.error}`;
    return { problems: [{ severity: 'error', code: 'ERR_CONFIG_FILE', message, file }] };
  }
  const source = new YamlSource(file, new TextDecoder().decode(read.value.octets));
  if (source.isBroken) return { problems: source.problems };
  const parsed = scenarioSchema.safeParse(source.value);
  const problems = [...source.problems, ...problemsOf(source, parsed.error?.issues ?? [])];
  if (!parsed.success || hasErrors(problems)) return { problems };
  return { scenario: { ...parsed.data, config: resolve(dirname(resolve(file)), parsed.data.config) }, problems };
}
