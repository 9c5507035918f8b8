// One attempt to hand a message to an HTTP receiver. With a secret it is signed as many webhooks are: HMAC-SHA256 (RFC 2104) over the
// time and the body, so that a receiver can tell who sent it and refuse what is old. No redirect is followed: the secret belongs to one
// receiver.

import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Message, Send } from './outbox.ts';

const LEAST_SECRET = 16;
const MOST_REPLY_SHOWN = 200;

export interface WebhookOptions {
  readonly url: string;
  /** The first line of it is the secret; null = not signed. */
  readonly secretFile: string | null;
  /** Seconds since 1970. */
  readonly nowSec: () => number;
}

/** `t=SECONDS,v1=HEX`: HMAC-SHA256 with the secret over `SECONDS.BODY`. */
export const signatureOf = (secret: string, atSec: number, body: string): string =>
  `t=${atSec},v1=${createHmac('sha256', secret).update(`${atSec}.${body}`).digest('hex')}`;

export function webhook({ url, secretFile, nowSec }: WebhookOptions): Send {
  return async ({ id, body }: Message, signal) => {
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      'user-agent': 'meridian',
      'x-meridian-id': id,
    };
    if (secretFile !== null) headers['x-meridian-signature'] = signatureOf(await secretIn(secretFile), nowSec(), body);
    const reply = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' });
    const text = reply.ok ? '' : (await reply.text()).slice(0, MOST_REPLY_SHOWN).replaceAll(/\s+/g, ' ');
    if (reply.ok) await reply.body?.cancel();
    else throw new Error(`the receiver answered ${reply.status} ${text}`.trim());
  };
}

/** Read anew each time, so that it can be replaced. */
async function secretIn(file: string): Promise<string> {
  const secret = (await readFile(file, 'utf8')).split('\n', 1)[0]!.trim();
  if (secret.length < LEAST_SECRET) throw new Error(`the secret in ${file} must have at least ${LEAST_SECRET} characters`);
  return secret;
}
