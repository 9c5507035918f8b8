// Services of a site: servers that do the same work, how one is chosen, and what protects them. The types are those of
// model/site.ts; defaults and their reasons are told at length in docs/balance.md.

import { z } from 'zod';
import { parseExpression } from '../balance/expression.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { complaint, decimal, duration, endpoint, fields, integer, mapOf, name, ONCE_RIGHT, oneOf, parsed } from './fields.ts';
import { serverCheckSchema } from './probe-schema.ts';

const ALGORITHMS = [
  'two-choices',
  'round-robin',
  'weighted-round-robin',
  'least-connections',
  'weighted-least-connections',
  'random',
  'least-time',
  'least-bandwidth',
  'custom-load',
  'maglev',
  'ring',
  'bounded-load',
  'ip-hash',
] as const;

const MOST_SERVERS = 1024;
const MOST_ACTIVE = 1_000_000;
/** A report is believed for twice as long. */
const MOST_REPORT_INTERVAL_MS = 5000;

/** Address and port of something that is connected to. */
const serverAddress = () =>
  endpoint()
    .superRefine((at: Endpoint, context) => {
      if (at.port === 0) context.addIssue(complaint('ERR_CONFIG_VALUE', 'has port 0; a server needs a port from 1 to 65535'));
    })
    .meta({ form: 'an address and port such as 10.0.0.11:8080 or "[2001:db8::11]:8080"' });

const serverSchema = fields({
  address: serverAddress().describe('Numeric, so that no name service stands between a client and its server.'),
  weight: integer(0, 65_535)
    .default(1)
    .describe('Its share relative to the others. 0 takes it out: what it has under way goes on.'),
  priority: integer(0, 100)
    .default(0)
    .describe('0 is the first choice; servers of the next priority get what these cannot take.'),
  maxActive: integer(1, MOST_ACTIVE, 'requests or connections')
    .nullable()
    .default(null)
    .describe('Most at once; null: no limit, for only you know what it bears.'),
});

/** null = off. */
const orOff = <Shape extends z.ZodRawShape>(shape: Shape) => {
  const form = `off, or a map with the keys ${Object.keys(shape).join(', ')}`;
  return z
    .union([z.literal('off').transform(() => null), fields(shape)], `must be ${form}`)
    .prefault({} as never)
    .meta({ form });
};

const percent = (min: number, usual: number) => integer(min, 100, 'percent').default(usual);

const outlierFields = {
  failures: integer(0, 1000, 'failures').default(5).describe('In a row: they eject a server at once; 0 does not.'),
  interval: duration('1s', '1h').prefault('10s').describe('How often success rates are compared.'),
  ejection: duration('1s', '1h').prefault('30s').describe('For how long, times the number of ejections in a row.'),
  mostEjection: duration('1s', '24h').prefault('5m').describe('And never longer than this.'),
  mostEjected: percent(0, 10).describe('Share of the servers that may be out at once, though always one; never the last.'),
  leastRequests: integer(1, 1_000_000)
    .default(100)
    .describe('By success rate only servers with so many in an interval are judged.'),
  leastServers: integer(2, MOST_SERVERS).default(5).describe('And only if there are so many of them.'),
  deviations: decimal(0.1, 10, 'standard deviations').default(1.9).describe('So far below the mean success rate is too far.'),
};

const breakerFields = {
  window: duration('1s', '10m').prefault('10s').describe('What happened in this time counts.'),
  leastRequests: integer(1, 1_000_000).default(20).describe('Fewer prove nothing.'),
  failures: percent(1, 50).describe('Share of failed ones that cuts the server off.'),
  open: duration('1s', '1h').prefault('10s').describe('For so long; doubled each time it has to be cut off again soon after.'),
  mostOpen: duration('1s', '24h').prefault('5m').describe('And never longer than this.'),
  trials: integer(1, 100).default(3).describe('Successes of single requests, one after another, that let it back.'),
};

const parameterFields = {
  virtualNodes: integer(1, 1000, 'points')
    .nullable()
    .default(null)
    .describe('Of ring and bounded-load: points of a server of mean weight; null: 160. More are more even and slower to make.'),
  tableSize: integer(101, 5_000_011, 'places, a prime')
    .nullable()
    .default(null)
    .describe('Of maglev: at least a hundred times the servers; null: 65537.'),
  factor: decimal(1.01, 10, 'times the fair share')
    .nullable()
    .default(null)
    .describe('Of bounded-load: no server has more; null: 1.25. Less moves more clients.'),
  metricsFrom: oneOf('responses', 'check')
    .nullable()
    .default(null)
    .describe(
      'Of custom-load: where servers report. null: responses, in `metricsHeader`; check: the body of the response to `check.http`, every 5 s or more often.',
    ),
  metricsHeader: parsed('the name of a header', (given) =>
    /^[A-Za-z0-9-]{1,128}$/.test(given) ? given.toLowerCase() : undefined,
  )
    .nullable()
    .default(null)
    .describe('Of custom-load; null: endpoint-load-metrics (ORCA). Clients do not see it.'),
  expression: z
    .string('must be an expression over metrics')
    .nullable()
    .default(null)
    .meta({ form: 'an expression over metrics such as `max(cpu, 0.5 * memory)`' })
    .describe('Of custom-load, which needs it: what makes one number of what servers report. Lower is better.'),
};

type Parameter = keyof typeof parameterFields;

const PARAMETERS_OF: Readonly<Record<Parameter, readonly string[]>> = {
  virtualNodes: ['ring', 'bounded-load'],
  tableSize: ['maglev'],
  factor: ['bounded-load'],
  expression: ['custom-load'],
  metricsFrom: ['custom-load'],
  metricsHeader: ['custom-load'],
};

export const serviceSchema = fields({
  servers: mapOf(name(), serverSchema, 'server').describe(
    'Servers that do the same work, by names that stay: hashing goes by them, and counts follow them across reloads.',
  ),
  algorithm: oneOf(...ALGORITHMS)
    .default('two-choices')
    .describe('How a server is chosen; [balance.md](../balance.md) says which one when.'),
  parameters: fields(parameterFields).prefault({}).describe('What some algorithms need; each stands beside its own only.'),
  overflow: decimal(1, 10, 'times')
    .default(1.4)
    .describe('A priority keeps all of its load while its healthy weight times this is all of its weight.'),
  panic: integer(0, 100, 'percent')
    .nullable()
    .default(null)
    .describe(
      'Below this healthy share checks are ignored, for they are more likely wrong; null: 0 (never) for up to 3 servers, else 50.',
    ),
  slowStart: fields({
    window: duration('0s', '1h')
      .prefault('30s')
      .describe('Time in which a recovered or new server gets its whole weight; 0s: at once.'),
    aggression: decimal(0.1, 10, '').default(1).describe('1 grows evenly; more grows faster at first.'),
    floor: percent(1, 10).describe('What it begins with.'),
  })
    .prefault({})
    .describe('Caches, connection pools and compilers warm up before the load comes.'),
  outlier: orOff(outlierFields).describe('Takes out servers that fail while others do not, judged by what clients get.'),
  breaker: orOff(breakerFields).describe('Cuts off one server that mostly fails, and lets it back through single trials.'),
  queue: fields({
    waiting: integer(0, 65_536, 'clients').default(1024).describe('Most that wait while all servers are full; 0: nobody does.'),
    timeout: duration('10ms', '5m').prefault('5s').describe('A short wait beats an error; a long one is an error too.'),
  })
    .prefault({})
    .describe('Where clients wait while all servers have their `maxActive`.'),
  retry: fields({
    percent: percent(0, 20).describe(
      'Retries under way, at most this share of all that is under way: more would feed an overload. Requests whose server refused the connection do not count.',
    ),
    least: integer(0, 1000, 'retries')
      .default(20)
      .describe('Always allowed: a server that dies fails at once all that it has, and a few requests more are no overload.'),
  })
    .prefault({})
    .describe('How many tries with another server there may be.'),
  check: serverCheckSchema
    .nullable()
    .default(null)
    .describe('How the agent looks at its servers; null: it does not, and only what happens to clients tells.'),
}).superRefine((service, { addIssue }) => {
  const servers = Object.keys(service.servers).length;
  if (servers < 1 || servers > MOST_SERVERS) {
    addIssue({ ...complaint('ERR_CONFIG_VALUE', `must have 1 to ${MOST_SERVERS} servers, found ${servers}`), path: ['servers'] });
  }
  for (const key of Object.keys(PARAMETERS_OF) as Parameter[]) {
    if (service.parameters[key] === null || PARAMETERS_OF[key].includes(service.algorithm)) continue;
    const message = `belongs to ${PARAMETERS_OF[key].join(' and ')}, and the algorithm is ${service.algorithm}`;
    addIssue({ ...complaint('ERR_CONFIG_VALUE', message), path: ['parameters', key] });
  }
  const { metricsFrom, metricsHeader } = service.parameters;
  if (metricsFrom === 'check' && metricsHeader !== null) {
    const message = 'stands beside metricsFrom: check, where the body is read';
    addIssue({ ...complaint('ERR_CONFIG_VALUE', message), path: ['parameters', 'metricsHeader'] });
  }
  if (metricsFrom === 'check' && (service.check?.http === undefined || service.check.interval > MOST_REPORT_INTERVAL_MS)) {
    const found = service.check?.http === undefined ? 'there is none' : `it comes every ${service.check.interval / 1000}s`;
    const message = `is check, which needs check.http with an interval of at most 5s, and ${found}`;
    addIssue({ ...complaint('ERR_CONFIG_VALUE', message), path: ['parameters', 'metricsFrom'] });
  }
  const { expression, tableSize } = service.parameters;
  if (service.algorithm === 'custom-load' && expression === null) {
    addIssue({ ...complaint('ERR_CONFIG_MISSING', 'is custom-load, which needs parameters.expression'), path: ['algorithm'] });
  }
  const parsed = expression === null ? undefined : parseExpression(expression);
  if (parsed?.ok === false) {
    const message = `is not an expression: at column ${parsed.error.column} ${parsed.error.message}`;
    addIssue({ ...complaint('ERR_CONFIG_VALUE', message), path: ['parameters', 'expression'] });
  }
  if (tableSize !== null && (!isPrime(tableSize) || tableSize < 100 * servers)) {
    const message = `must be a prime of at least a hundred times the servers, ${100 * servers}, found ${tableSize}`;
    addIssue({ ...complaint('ERR_CONFIG_VALUE', message), path: ['parameters', 'tableSize'] });
  }
}, ONCE_RIGHT);

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) return false;
  return number > 1;
}

export type ServiceConfig = z.output<typeof serviceSchema>;
