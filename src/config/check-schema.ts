// The kinds of check that a probe can have. Each kind is a map of its own, so that what belongs together stands together.

import { z } from 'zod';
import { RCODE } from '../wire/constants.ts';
import { nameFromText, ROOT } from '../wire/name.ts';
import { isMetaType, typeFromName } from '../wire/rrtype.ts';
import { complaint, fields, flag, integer, listOf, mapOf, ONCE_RIGHT, oneOf, parsed, path } from './fields.ts';

export const KINDS = ['tcp', 'tls', 'http', 'dns', 'udp', 'icmp', 'exec'] as const;

const PRINTABLE = /^[\x20-\x7e]+$/;
const MAX_TEXT = 4096;

const text = (form: string, isRight: (value: string) => boolean = () => true) =>
  parsed(form, (value) => (value.length > 0 && value.length <= MAX_TEXT && isRight(value) ? value : undefined));

/** `host`, `host:port`, `[::1]:8080`: what may stand in a Host header. */
const hostHeader = () =>
  text('a host name or address, with or without a port', (value) => {
    if (!/^[A-Za-z0-9_.:[\]-]+$/.test(value) || !URL.canParse(`http://${value}/`)) return false;
    return new URL(`http://${value}/`).hostname !== '';
  });
const serverName = () => text('a host name', (value) => /^[A-Za-z0-9_.-]{1,253}$/.test(value));

const STATUS = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/;

const STATUS_FORM = 'a status from 100 to 599 or a range of them such as 200-299';

const statusRange = () =>
  z
    .union(
      [
        z
          .int()
          .min(100)
          .max(599)
          .transform((status): readonly [number, number] => [status, status]),
        parsed(STATUS_FORM, (value): readonly [number, number] | undefined => {
          const match = STATUS.exec(value);
          if (match === null) return undefined;
          const [low, high] = [Number(match[1]), Number(match[2] ?? match[1])];
          return low <= high ? [low, high] : undefined;
        }),
      ],
      `must be ${STATUS_FORM}`,
    )
    .meta({ form: STATUS_FORM });

/** What is wrong with a regular expression, if anything. */
function pattern() {
  const form = 'a regular expression (JavaScript, Unicode)';
  return z
    .string(`must be ${form}`)
    .min(1, `must be ${form}`)
    .max(MAX_TEXT, `must be ${form}`)
    .superRefine((value, context) => {
      try {
        new RegExp(value, 'u');
      } catch (error) {
        const why = (error as Error).message.split(': ').at(-1)!;
        context.addIssue(complaint('ERR_CONFIG_VALUE', `is not a regular expression: ${why}`));
      }
    })
    .meta({ form });
}

const bodyForm = 'a map with exactly one of the keys text, pattern';
const body = fields({
  text: text(`1 to ${MAX_TEXT} characters`).optional().describe('This text must be in it.'),
  pattern: pattern().optional().describe('This regular expression must match.'),
})
  .superRefine((value, context) => {
    if (Object.keys(value).length !== 1) context.addIssue(complaint('ERR_CONFIG_VALUE', `must be ${bodyForm}`));
  }, ONCE_RIGHT)
  .transform((value) => value as { readonly text: string } | { readonly pattern: string });

const tlsFields = {
  verify: flag().default(true).describe('The certificate must hold: authority, dates, name.'),
  expiryWarning: integer(0, 3650, 'days').default(14).describe('Tell of a certificate that expires within so many days.'),
  caFile: path().nullable().default(null).describe('Authorities (PEM) instead of those of the system.'),
  certificateFile: path().nullable().default(null).describe('Our own certificate (PEM), if the server asks for one.'),
  keyFile: path().nullable().default(null).describe('Its key (PEM); both or neither.'),
};

type Complain = Pick<z.core.$RefinementCtx, 'addIssue'>;

function bothOrNeither(
  { certificateFile, keyFile }: { certificateFile: string | null; keyFile: string | null },
  { addIssue }: Complain,
): void {
  if ((certificateFile === null) === (keyFile === null)) return;
  addIssue(complaint('ERR_CONFIG_VALUE', 'must have both of the keys certificateFile, keyFile, or neither'));
}

const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;
/** Set by the check itself. */
const OWN_HEADERS = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'upgrade']);

const header = () =>
  text('the name of a header other than host, connection, content-length, transfer-encoding and upgrade', (value) => {
    return HEADER_NAME.test(value) && !OWN_HEADERS.has(value.toLowerCase());
  });

const http = fields({
  scheme: oneOf('http', 'https').default('http').describe('https is HTTP over TLS.'),
  version: z
    .union(
      [z.literal(2).transform(() => '2' as const), z.enum(['1.1', '2']), z.literal(1.1).transform(() => '1.1' as const)],
      'must be 1.1 or 2',
    )
    .default('1.1')
    .meta({ form: '1.1 or 2' })
    .describe('2 by ALPN over https, with prior knowledge over http.'),
  method: oneOf('GET', 'HEAD', 'POST', 'OPTIONS').default('GET').describe('Requests have no body.'),
  path: text('a path that begins with /', (value) => /^\/[\x21-\x7e]*$/.test(value))
    .prefault('/')
    .describe('With a query, if need be.'),
  host: hostHeader().nullable().default(null).describe('Host header and SNI; null takes the host of the check.'),
  headers: mapOf(
    header(),
    text('printable ASCII', (value) => PRINTABLE.test(value)),
    'header',
  )
    .default({})
    .describe('More headers. No place for secrets: use a path that needs none.'),
  status: listOf(statusRange(), 1, 32).prefault(['200-299']).describe('Good statuses.'),
  body: body.nullable().default(null).describe('Looked for in the first 5120 octets of the body; null does not read it.'),
  followRedirects: integer(0, 10, 'redirects')
    .default(0)
    .describe('Followed within the same host; 0 judges the redirect itself by its status.'),
  ...tlsFields,
}).superRefine((check, context) => {
  bothOrNeither(check, context);
  if (check.body !== null && check.method === 'HEAD') {
    context.addIssue({ ...complaint('ERR_CONFIG_VALUE', 'asks for a body, which HEAD does not bring'), path: ['body'] });
  }
}, ONCE_RIGHT);

const tls = fields({
  serverName: serverName().nullable().default(null).describe('For SNI and the certificate; null takes the host of the check.'),
  ...tlsFields,
}).superRefine(bothOrNeither, ONCE_RIGHT);

const dns = fields({
  name: text('a domain name', (value) => typeof nameFromText(value, ROOT) !== 'string').describe('What is asked for.'),
  type: text('a record type such as A, SOA or TYPE65', (value) => {
    const type = typeFromName(value);
    return type !== undefined && !isMetaType(type);
  })
    .prefault('SOA')
    .describe('Its type.'),
  transport: oneOf('udp', 'tcp').default('udp').describe('A truncated reply over UDP is asked for again over TCP.'),
  rcodes: listOf(oneOf(...(Object.keys(RCODE) as [string, ...string[]])), 1, 16)
    .default(['NOERROR'])
    .describe('Good rcodes.'),
  expect: text('the data of a record as in a zone file')
    .nullable()
    .default(null)
    .describe('An answer record with this data must be there, such as 192.0.2.1; null asks for none.'),
});

/** `text`, or octets as `hex:00ff`. */
const payload = () =>
  parsed('text, or hex: and an even number of hexadecimal digits; at most 1200 octets', (value): Uint8Array | undefined => {
    const digits = /^hex:((?:[0-9a-fA-F]{2})*)$/.exec(value)?.[1];
    if (digits === undefined && value.startsWith('hex:')) return undefined;
    const octets = Uint8Array.from(digits === undefined ? Buffer.from(value, 'utf8') : Buffer.from(digits, 'hex'));
    return octets.length > 0 && octets.length <= 1200 ? octets : undefined;
  });

const udp = fields({
  send: payload().describe('One datagram; sent again when half of the time has passed.'),
  expect: payload().nullable().default(null).describe('Must be in the reply; null takes any reply.'),
});

const exec = fields({
  argv: listOf(
    text('1 to 4096 characters', (value) => !value.includes('\0')),
    1,
    64,
  ).describe('Program and arguments, no shell. {address}, {port} and {family} are filled in. Exit code 0 is up.'),
});

const none = () => fields({});

/** One key for each kind; the rest of a probe is in probe-schema.ts. */
export const checkFields = {
  tcp: none().optional().describe('The server accepts a connection: `tcp: {}`.'),
  tls: tls.optional().describe('The server completes a TLS handshake.'),
  http: http.optional().describe('The server answers an HTTP request, on a new connection each time.'),
  dns: dns.optional().describe('The server answers a DNS query.'),
  udp: udp.optional().describe('The server answers a datagram.'),
  icmp: none().optional().describe('The host answers an echo request: `icmp: {}`. Needs the ping command.'),
  exec: exec.optional().describe('A program judges.'),
};
