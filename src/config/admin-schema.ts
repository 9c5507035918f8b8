// Section `admin`: the HTTP API, who may use it, and the rules that keep an order from taking out too much.

import type { z } from 'zod';
import { endpoint, fields, integer, listOf, mapOf, name, oneOf, parsed, path } from './fields.ts';

const HASH_FORM = 'sha256: and 64 hexadecimal digits, as `meridian token new` prints';
const HASH = /^sha256:([0-9a-fA-F]{64})$/;
const HOST = /^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252}[A-Za-z0-9_])?$/;

const tokenSchema = fields({
  role: oneOf('viewer', 'operator', 'admin').describe(
    'viewer reads; operator also gives orders and reloads; admin may also break a safety rule.',
  ),
  hash: parsed(HASH_FORM, (text) => HASH.exec(text)?.[1]?.toLowerCase()).describe(
    'Of a token that `meridian token new` made and printed once. The token itself stands nowhere.',
  ),
});

const tlsSchema = fields({
  certificateFile: path().describe('PEM: the certificate and those between it and the authority.'),
  keyFile: path().describe('PEM: its key. Readable by the server only.'),
});

const safetySchema = fields({
  leastSites: integer(0, 65_535, 'sites')
    .default(1)
    .describe('An order must leave so many sites serving. 1: no slip of the hand takes out everything. 0 = no rule.'),
  leastCapacityPercent: integer(0, 100, 'percent')
    .default(0)
    .describe(
      'And so much of what all sites together have: their configured capacity if each has one, else the weight of their members. 0 = no rule.',
    ),
  mostMovedPercent: integer(1, 100, 'percent')
    .default(100)
    .describe('And stop at most so much of what serves now, by the same measure, at once. 100 = no rule.'),
});

const adminSchema = fields({
  listen: listOf(endpoint(), 0, 16)
    .prefault([])
    .describe(
      'Addresses of the API. Empty: there is none; nothing listens that nobody asked for. The configuration that comes with Meridian has 127.0.0.1:8053. Other than loopback addresses need `tokens`.',
    ),
  tls: tlsSchema.nullable().default(null).describe('HTTPS in place of HTTP. The files are read again at each reload.'),
  tokens: mapOf(name(), tokenSchema, 'name')
    .default({})
    .describe('Who may use the API. The name stands in the audit and beside orders. Read again at each reload.'),
  loopbackRole: oneOf('none', 'viewer', 'operator')
    .default('operator')
    .describe(
      'Who comes to a loopback address without a token, as long as there are no `tokens`. operator: as on the command line. Any user of the machine can come; set none or viewer, or make tokens, where some must not.',
    ),
  hosts: listOf(
    parsed('a host name without a port', (text) => (HOST.test(text) ? text.toLowerCase() : undefined)),
    0,
    64,
  )
    .default([])
    .describe(
      'Names in the Host header that a loopback address answers to, besides localhost and itself. Others are refused, so that no web page can reach it by a name of its own (DNS rebinding).',
    ),
  requestsPerSecond: integer(1, 100_000, 'requests a second')
    .default(500)
    .describe('For one client address; beyond it 429. The API shares the machine with DNS: docs/admin.md has figures.'),
  safety: safetySchema
    .prefault({})
    .describe('What an order, over HTTP or by command, may not do unless it breaks the glass (`--break-glass`).'),
});

export const adminSections = {
  admin: adminSchema
    .prefault({})
    .describe('The HTTP API: docs/admin.md.')
    .meta({
      chapter: 'admin',
      example: `admin:
  listen: ["127.0.0.1:8053"]
  tokens:
    ann: { role: operator, hash: "sha256:${'0123456789abcdef'.repeat(4)}" }
  safety: { leastSites: 2, leastCapacityPercent: 50, mostMovedPercent: 40 }
`,
    }),
};

export type AdminConfig = z.output<typeof adminSchema>;
