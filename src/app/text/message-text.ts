// DNS messages for people (in the manner of dig) and for scripts (JSON), for `query` and `explain`.

import { formatAddress } from '../../base/address.ts';
import { OPCODE, OPTION, RCODE } from '../../wire/constants.ts';
import { decodeEcs } from '../../wire/ecs-option.ts';
import { rdataToText, recordToText } from '../../wire/message.ts';
import type { EdnsOption, Message } from '../../wire/message-types.ts';
import { nameToText } from '../../wire/name.ts';
import { typeName } from '../../wire/rrtype.ts';

const EDE_INFO_TEXT_AT = 2;

const keyOf = (table: Readonly<Record<string, number>>, value: number, prefix: string): string =>
  Object.entries(table).find(([, number]) => number === value)?.[0] ?? `${prefix}${value}`;

export const rcodeName = (rcode: number): string => keyOf(RCODE, rcode, 'RCODE');

/** `CLIENT-SUBNET 198.51.100.0/24 scope 20`, or the option's code and data in hexadecimal. */
function optionText({ code, data }: EdnsOption): string {
  if (code === OPTION.ECS) {
    const ecs = decodeEcs(data);
    if (ecs !== undefined) {
      return `CLIENT-SUBNET ${formatAddress(ecs.octets, ecs.family)}/${ecs.sourcePrefixLen} scope ${ecs.scopePrefixLen}`;
    }
  }
  if (code === OPTION.EDE && data.length >= EDE_INFO_TEXT_AT) {
    const text = Buffer.from(data.subarray(EDE_INFO_TEXT_AT)).toString('utf8');
    return `EDE ${(data[0]! << 8) | data[1]!}${text === '' ? '' : ` (${text})`}`;
  }
  return `${keyOf(OPTION, code, 'OPTION')} ${Buffer.from(data).toString('hex')}`;
}

const flagNames = (message: Message): string[] => [
  ...(message.isResponse ? ['qr'] : []),
  ...Object.entries(message.flags).flatMap(([name, isSet]) => (isSet ? [name] : [])),
];

export function messageToText(message: Message): string {
  const lines = [
    `;; ${keyOf(OPCODE, message.opcode, 'OPCODE')}, ${rcodeName(message.rcode)}, id ${message.id}, flags ${flagNames(message).join(' ')}`,
  ];
  if (message.edns !== undefined) {
    const { version, udpPayloadSize, dnssecOk, options } = message.edns;
    lines.push(`;; EDNS version ${version}, UDP size ${udpPayloadSize}${dnssecOk ? ', DO' : ''}`);
    for (const option of options) lines.push(`;; ${optionText(option)}`);
  }
  for (const { name, type } of message.questions) lines.push(`;; question: ${nameToText(name)} ${typeName(type)}`);
  for (const section of ['answers', 'authorities', 'additionals'] as const) {
    if (message[section].length > 0) lines.push('', `;; ${section}`, ...message[section].map(recordToText));
  }
  return lines.join('\n');
}

/** The data of the answers alone, a record a line, as `dig +short` has it; empty if there are none. */
export const messageToShortText = ({ answers }: Message): string => answers.map(rdataToText).join('\n');

/** A message as plain JSON; records are lines of a zone file. */
export interface MessageJson {
  readonly id: number;
  readonly rcode: string;
  readonly flags: readonly string[];
  readonly questions: readonly { readonly name: string; readonly type: string }[];
  readonly answers: readonly string[];
  readonly authorities: readonly string[];
  readonly additionals: readonly string[];
  readonly edns?: { readonly udpPayloadSize: number; readonly options: readonly string[] };
}

export function messageToJson(message: Message): MessageJson {
  return {
    id: message.id,
    rcode: rcodeName(message.rcode),
    flags: flagNames(message),
    questions: message.questions.map(({ name, type }) => ({ name: nameToText(name), type: typeName(type) })),
    answers: message.answers.map(recordToText),
    authorities: message.authorities.map(recordToText),
    additionals: message.additionals.map(recordToText),
    ...(message.edns === undefined
      ? {}
      : { edns: { udpPayloadSize: message.edns.udpPayloadSize, options: message.edns.options.map(optionText) } }),
  };
}
