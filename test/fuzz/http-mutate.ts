// Streams of HTTP/1.1 requests for the fuzzer: stream n of a seed is always the same octets. Each begins as valid requests, with bodies by
// length and in chunks, and is then damaged with the octets that readers differ about. A last request tells whether all was read.

import { Random } from '../support/random.ts';

/** xorshift needs some rounds before neighbouring seeds part. */
const WARM_UP = 8;
const MOST_SIZE = 20_000;

export const LAST_TARGET = '/fin';
const LAST = `GET ${LAST_TARGET} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`;

const METHODS = ['GET', 'GET', 'POST', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'HEAD'];
const TARGETS = ['/', '/a', '/a?b=c', '/a/b;c', '/%41'];
const NAMES = ['x', 'X-Y', 'accept', 'Content-Length', 'transfer-encoding', 'Connection', 'host', 'trailer', 'te', 'cookie'];
const VALUES = ['', 'y', ' y ', '4', '0', 'chunked', 'Chunked', 'chunked, chunked', 'keep-alive', 'a', '\t', '"q;r"', '\xe9'];
const EXTENSIONS = ['', '', '', ';a', ';a=b', ';a="b c"'];
/** What readers differ about. */
const PIECES = [
  ...[
    '\r',
    '\n',
    '\r\n',
    '\n\n',
    '\r\n\r\n',
    '\0',
    ' ',
    '\t',
    '\x0b',
    '\x7f',
    '\xa0',
    '\xff',
    ':',
    ',',
    ';',
    '0',
    '1',
    'f',
    '+',
    '-',
    '_',
    '"',
    ' ;a',
  ],
  ...[
    '0\r\n\r\n',
    'content-length: 3\r\n',
    'transfer-encoding: chunked\r\n',
    'Transfer-Encoding: x\r\n',
    'connection: close\r\n',
    ' HTTP/1.0',
    ' HTTP/1.1',
  ],
];

function chunksOf(random: Random, body: string): string {
  let text = '';
  for (let at = 0; at < body.length; ) {
    const size = 1 + random.below(body.length - at);
    const digits = size.toString(16);
    text += `${'0'.repeat(random.below(3))}${random.below(2) === 0 ? digits : digits.toUpperCase()}${random.pick(EXTENSIONS)}\r\n`;
    text += `${body.slice(at, at + size)}\r\n`;
    at += size;
  }
  text += `0${random.pick(EXTENSIONS)}\r\n`;
  for (let i = random.below(6); i > 4; i--) text += `${random.pick(NAMES)}: ${random.pick(VALUES)}\r\n`;
  return `${text}\r\n`;
}

function validRequest(random: Random): string {
  const version = random.below(30) === 0 ? '1.0' : '1.1';
  let text = `${random.pick(METHODS)} ${random.pick(TARGETS)} HTTP/${version}\r\nhost: a\r\n`;
  for (let i = random.below(4); i > 0; i--) text += `${random.pick(NAMES.slice(0, 3))}: ${random.pick(VALUES)}\r\n`;
  const body = Buffer.from(random.octets(random.below(random.pick([1, 4, 30, 3000])))).toString('latin1');
  if (random.below(2) === 0) return `${text}transfer-encoding: chunked\r\n\r\n${chunksOf(random, body)}`;
  return body === '' ? `${text}\r\n` : `${text}content-length: ${body.length}\r\n\r\n${body}`;
}

type Damage = (text: string, random: Random) => string;

const cut = (text: string, at: number, gone: number, put: string): string => text.slice(0, at) + put + text.slice(at + gone);

const DAMAGES: readonly Damage[] = [
  (text, random) => cut(text, random.below(text.length), 0, random.pick(PIECES)),
  (text, random) => cut(text, random.below(text.length), 1, random.pick(PIECES)),
  (text, random) => cut(text, random.below(text.length), 1 + random.below(3), ''),
  (text, random) => {
    const at = random.below(text.length);
    return cut(text, at, 1, String.fromCharCode(text.charCodeAt(at) ^ (1 << random.below(8))));
  },
  // Another field somewhere among the fields.
  (text, random) => {
    const lineEnds = [...text.matchAll(/\r\n/g)].map(({ index }) => index + 2);
    return lineEnds.length === 0
      ? text
      : cut(text, random.pick(lineEnds), 0, `${random.pick(NAMES)}: ${random.pick(VALUES)}\r\n`);
  },
  // A part twice.
  (text, random) => {
    const from = random.below(text.length);
    return cut(text, random.below(text.length), 0, text.slice(from, from + random.below(40)));
  },
  // The end of a line.
  (text, random) => {
    const lineEnds = [...text.matchAll(/\r\n/g)].map(({ index }) => index);
    return lineEnds.length === 0
      ? text
      : cut(text, random.pick(lineEnds), 2, random.pick(['\n', '\r', '\r\r\n', '\r\n ', ' \r\n', '\n\r']));
  },
];

export interface FuzzedStream {
  /** latin1. */
  readonly octets: string;
  /** Where it is cut into pieces that are sent by themselves, ascending. */
  readonly cuts: readonly number[];
}

export function httpStream(seed: number, index: number): FuzzedStream {
  const random = new Random((Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) | 1);
  for (let i = 0; i < WARM_UP; i++) random.uint32();
  let text = '';
  for (let i = random.below(4); i >= 0; i--) text += validRequest(random);
  for (let i = random.below(4); i > 0 && text !== ''; i--) text = random.pick(DAMAGES)(text, random);
  const octets = text.slice(0, MOST_SIZE) + LAST;
  const cuts = Array.from({ length: random.below(6) }, () => random.below(octets.length));
  return { octets, cuts: cuts.sort((a, b) => a - b) };
}
