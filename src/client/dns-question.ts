// One question in words to one server, and its answer in words: for probes. Built on our own client and codec rather than on
// dns2's, whose TCP client has no deadline and whose decoder loses messages with ordinary EDNS options.

import { randomInt } from 'node:crypto';
import { ok, type Result } from '../base/result.ts';
import { RCODE } from '../wire/constants.ts';
import { decodeMessage, encodeQuery, recordToText } from '../wire/message.ts';
import { nameFromText, ROOT } from '../wire/name.ts';
import { typeFromName } from '../wire/rrtype.ts';
import { type AskProblem, ask, failed } from './dns-client.ts';

export interface DnsQuestion {
  /** Numeric address. */
  readonly server: string;
  readonly port: number;
  /** Absolute, with or without the final dot. */
  readonly name: string;
  /** `A`, `TYPE65`. */
  readonly type: string;
  readonly transport: 'udp' | 'tcp';
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface DnsAnswer {
  /** `NOERROR`, or `RCODE23`. */
  readonly rcode: string;
  /** Data of the answer records of the type asked for, as master file text. */
  readonly answers: readonly string[];
}

const NO_FLAGS = { rd: false, ad: false, cd: false };
const EDNS = { udpPayloadSize: 1232, dnssecOk: false, options: [] };

/** Never throws; a UDP answer that is truncated is asked for again over TCP. */
export async function askQuestion(question: DnsQuestion): Promise<Result<DnsAnswer, AskProblem>> {
  const name = nameFromText(question.name, ROOT);
  const type = typeFromName(question.type);
  const id = randomInt(0x10000);
  const query =
    typeof name === 'string' || type === undefined
      ? new Uint8Array(0)
      : encodeQuery({ id, name, type, flags: NO_FLAGS, edns: EDNS });
  const options = { ...question, query, retryTruncated: true };
  const reply = await ask(options);
  if (!reply.ok) return reply;
  const message = decodeMessage(reply.value.octets);
  if (typeof message === 'string') return failed(options, message, 'MALFORMED');
  const rcode = Object.entries(RCODE).find(([, value]) => value === message.rcode)?.[0] ?? `RCODE${message.rcode}`;
  const answers = message.answers
    .filter((record) => record.type === type)
    .map((record) => recordToText(record).split('\t').slice(4).join('\t'));
  return ok({ rcode, answers });
}
