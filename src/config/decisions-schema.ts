// Section `decisions`: which answers the server tells one by one, to whom, and how much of who asked.

import type { z } from 'zod';
import { fields, integer, mapOf, type Names, path, referenceOnly, size } from './fields.ts';

/** More would be a load of its own: each line is a whole explanation. */
const MOST_PER_SECOND = 500;
const ONE_IN = () => integer(0, 1_000_000_000, 'answers');

const dnstapSchema = fields({
  socket: path('none, or a path of at most 107 octets')
    .prefault('none')
    .describe('Unix socket on which a reader of dnstap listens. The server connects, and tries again while nobody does.'),
  file: path('none, or a path').prefault('none').describe('File of frames, for `dnstap-read`. One that is there becomes FILE.1.'),
});

export const decisionSections = (policies: Names) => ({
  decisions: fields({
    log: path('none, stdout, or a path')
      .prefault('none')
      .describe(
        'Where a line of JSON for each told answer goes. stdout: into the log of the server; else a file of its own, which only its owner may read.',
      ),
    dnstap: dnstapSchema
      .prefault({})
      .describe('Where the messages themselves go, as AUTH_QUERY and AUTH_RESPONSE of dnstap (https://dnstap.info).'),
    oneIn: ONE_IN()
      .default(1000)
      .describe('Of the answers of each policy one in so many is told, counted by each thread; 1 = all, 0 = none.'),
    policies: mapOf(referenceOnly(policies), ONE_IN(), 'policy')
      .default({})
      .describe('Likewise, of single policies: to look at one more closely.'),
    unsteered: ONE_IN()
      .default(0)
      .describe('Likewise, of replies that no policy decides: other records, refusals, names that do not exist.'),
    perSecond: integer(1, MOST_PER_SECOND, 'answers a second')
      .default(20)
      .describe(
        'Most that are told, by all threads together; what is beyond it is counted. Each is explained by the control thread, which takes a tenth of a millisecond or so.',
      ),
    addressBits: fields({
      ipv4: integer(0, 32, 'bits').default(24).describe('Of IPv4 addresses; 24 leaves 256 addresses to choose from.'),
      ipv6: integer(0, 128, 'bits').default(48).describe('Of IPv6 addresses; 48 is what one customer usually has.'),
    })
      .prefault({})
      .describe(
        'What is told of the addresses of clients and of their subnets; all bits behind it are told as 0. In the messages that dnstap carries, subnets stay as resolvers sent them.',
      ),
    fileSize: size(64 * 1024, 4 * 1024 * 1024 * 1024)
      .prefault('64MiB')
      .describe('A file of this size becomes FILE.1, and the one before is deleted: neither can fill a disk.'),
  })
    .prefault({})
    .describe('Which answers are told one by one, with their reasons: docs/observe.md.')
    .meta({
      chapter: 'decisions',
      example: `decisions:
  log: /var/log/meridian/decisions.jsonl
  oneIn: 10000
  dnstap: { socket: /run/dnstap.sock }
`,
    }),
});

export type DecisionsConfig = z.output<ReturnType<typeof decisionSections>['decisions']>;
