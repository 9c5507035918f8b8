// Sections about other servers that copy our zones: `keys`, `transfer`. Nothing in a key's entry may be repeated by a message
// (issues.ts sees to it): what stands at the wrong place may be the secret.

import { z } from 'zod';
import { fromBase64 } from '../wire/base-n.ts';
import { complaint, domainText, endpoint, fields, listOf, mapOf, type Names, network, oneOf, path, reference } from './fields.ts';

/** Less can be guessed; more than a block of the hash adds nothing. */
const MIN_SECRET_SIZE = 16;
const MAX_SECRET_SIZE = 128;
export const SECRET_FORM = `base64 of ${MIN_SECRET_SIZE} to ${MAX_SECRET_SIZE} octets`;

/** The octets of a secret in base64; undefined if it is malformed, too short or too long. */
export function parseSecret(text: string): Uint8Array | undefined {
  const octets = fromBase64(text.trim());
  return octets !== undefined && octets.length >= MIN_SECRET_SIZE && octets.length <= MAX_SECRET_SIZE ? octets : undefined;
}

const keySchema = fields({
  algorithm: oneOf('hmac-sha256', 'hmac-sha384', 'hmac-sha512')
    .default('hmac-sha256')
    .describe('Both sides must name the same. SHA-1 and MD5 are not offered.'),
  secretFile: path()
    .nullable()
    .default(null)
    .describe('File that holds the secret in base64, for instance of `openssl rand -base64 32`. Readable by the server only.'),
  secret: z
    .string(`must be ${SECRET_FORM}`)
    .refine((text) => parseSecret(text) !== undefined, `must be ${SECRET_FORM}`)
    .nullable()
    .default(null)
    .meta({ form: SECRET_FORM })
    .describe('The secret itself. Prefer secretFile: configurations are copied and shown around.'),
}).superRefine(({ secretFile, secret }, context) => {
  if ((secretFile === null) === (secret === null)) {
    context.addIssue(complaint('ERR_CONFIG_VALUE', 'must have exactly one of the keys secretFile, secret'));
  }
});

const transferSchema = (keys: Names) =>
  fields({
    allow: listOf(network(), 0, 1024)
      .default([])
      .describe('Networks that may transfer the zone. Empty: any, if `keys` is not empty.'),
    keys: listOf(reference(keys), 0, 64)
      .default([])
      .describe('Keys one of which must sign the query. Empty: a signature is not asked for. With `allow`, both must hold.'),
    notify: listOf(endpoint(), 0, 64)
      .default([])
      .describe('Servers that are told of each new serial (RFC 1996), signed with the first of `keys`.'),
  }).superRefine(({ allow, keys: required }, context) => {
    if (allow.length + required.length > 0) return;
    context.addIssue(complaint('ERR_CONFIG_VALUE', 'must have allow, keys or both, or nobody may transfer the zone'));
  });

export function transferSections(keys: Names) {
  return {
    keys: mapOf(domainText(), keySchema, 'key')
      .default({})
      .describe('Secrets shared with other servers, by the name that both sides call them (TSIG, RFC 8945).')
      .meta({ chapter: 'keys', example: 'keys:\n  ns2.example.test: { algorithm: hmac-sha256, secretFile: ns2.key }\n' }),
    transfer: mapOf(domainText(), transferSchema(keys), 'zone')
      .default({})
      .describe('Who may copy which zone (AXFR, IXFR). A zone that is not named here is given to nobody. See zone-transfer.md.')
      .meta({
        chapter: 'transfer',
        example: `transfer:
  example.test:
    allow: [192.0.2.53, "2001:db8:53::/64"]
    keys: [ns2.example.test]
    notify: ["192.0.2.53:53"]
`,
      }),
  };
}

type Sections = ReturnType<typeof transferSections>;
export type KeysConfig = z.output<Sections['keys']>;
export type TransferConfig = z.output<Sections['transfer']>;
