// Sections `alerts`, `objectives` and `traces`: how the server watches itself. What it tells of single answers: decisions-schema.ts.

import { z } from 'zod';
import { complaint, decimal, duration, fields, flag, integer, listOf, mapOf, name, oneOf, parsed, path } from './fields.ts';

const MAX_PATTERN = 256;
const GLOB = /^[a-z*?][\x21-\x7e]*$/;

const url = () =>
  parsed('a URL that begins with http:// or https://, without a user name in it', (text) => {
    if (!URL.canParse(text)) return undefined;
    const { protocol, username, password } = new URL(text);
    return (protocol === 'http:' || protocol === 'https:') && username === '' && password === '' ? text : undefined;
  });

const receiverSchema = fields({
  webhook: url().optional().describe('Messages are sent there with POST, as JSON.'),
  secretFile: path()
    .nullable()
    .default(null)
    .describe('File whose first line is the secret that webhooks are signed with (HMAC-SHA256); null sends them unsigned.'),
  exec: listOf(z.string('must be text').min(1, 'must not be empty').meta({ form: 'text' }), 1, 64)
    .optional()
    .describe('Or a program with its arguments, started without a shell; the message comes on its standard input.'),
  only: listOf(
    parsed(`a glob such as site-out or pool-empty/web, of at most ${MAX_PATTERN} characters`, (text) =>
      text.length <= MAX_PATTERN && GLOB.test(text) ? text : undefined,
    ),
    1,
    64,
  )
    .prefault(['*'])
    .describe('Alerts for this receiver, by name or NAME/SUBJECT. All of them by default.'),
  severity: oneOf('warning', 'critical').default('warning').describe('The least that this receiver is told of.'),
  timeout: duration('100ms', '5m').prefault('10s').describe('For one attempt; then the next one begins after a pause.'),
  giveUp: duration('1s', '7d')
    .prefault('1h')
    .describe('So long after its first attempt a message is put into alerts-dead.jsonl in the state directory.'),
}).check((context) => {
  const { webhook, exec, secretFile } = context.value;
  if ((webhook === undefined) === (exec === undefined)) {
    context.issues.push({ ...complaint('ERR_CONFIG_VALUE', 'must have one of the keys webhook, exec'), input: context.value });
  } else if (webhook === undefined && secretFile !== null) {
    context.issues.push({ ...complaint('ERR_CONFIG_VALUE', 'has a secretFile without a webhook to sign'), input: context.value });
  }
});

const alertsSchema = fields({
  receivers: mapOf(name(), receiverSchema, 'receiver').default({}).describe('Whom the server tells. Nobody by default.'),
  group: duration('0s', '10m')
    .prefault('10s')
    .describe('News within this time go out in one message: a site that fails takes its pools with it.'),
  repeat: duration('1m', '7d').prefault('4h').describe('What still fires is told again, for those who have just come on duty.'),
  queue: integer(1, 10_000, 'messages')
    .default(100)
    .describe('That may wait for one receiver. Beyond it the oldest becomes a dead letter.'),
});

const objectivesSchema = fields({
  availability: decimal(50, 99.9999, 'percent')
    .default(99.99)
    .describe('Of the queries that may be answered, so many are: neither lost nor SERVFAIL.'),
  steering: decimal(50, 99.9999, 'percent')
    .default(99.9)
    .describe('Of the steered answers, so many follow what was known of health `steeringWithin` before.'),
  steeringWithin: duration('100ms', '10m').prefault('5s').describe('How far answers may be behind verdicts.'),
});

const tracesSchema = fields({
  openTelemetry: flag()
    .default(false)
    .describe(
      'Changes of health become traces of OpenTelemetry: probe, verdict, plan, publication. Needs the package @opentelemetry/api and an SDK that the process loads; off, because most have neither.',
    ),
});

export const watchSections = {
  alerts: alertsSchema
    .prefault({})
    .describe('What the server tells people by itself: docs/observe.md.')
    .meta({
      chapter: 'alerts',
      example: `alerts:
  receivers:
    chat: { webhook: "https://hooks.example.net/meridian", secretFile: hook.secret }
    pager: { exec: [/usr/local/bin/page, --urgent], severity: critical }
`,
    }),
  objectives: objectivesSchema
    .prefault({})
    .describe('What the server promises, and measures itself by: docs/observe.md.')
    .meta({ chapter: 'objectives', example: 'objectives: { availability: 99.95, steering: 99.5, steeringWithin: 10s }\n' }),
  traces: tracesSchema
    .prefault({})
    .describe('How a change of health is followed from the check to the answers: docs/observe.md.')
    .meta({ chapter: 'traces', example: 'traces: { openTelemetry: true }\n' }),
};

export type AlertsConfig = z.output<typeof alertsSchema>;
export type ObjectivesConfig = z.output<typeof objectivesSchema>;
export type TracesConfig = z.output<typeof tracesSchema>;
