// What Redis, ioredis, TLS and the network complain about, in one line with a code of the catalogue. Reply errors are told by their
// first word, as Redis documents them.

import type { ErrorCode } from '../base/errors.ts';

export interface Trouble {
  readonly code: ErrorCode;
  /** One line, the same as long as the trouble is the same. */
  readonly text: string;
  /** Whether another connection may help: this one is given up. */
  readonly isFatal: boolean;
}

export const formatTrouble = ({ code, text }: Trouble): string => `${code}: ${text}`;

interface Kind {
  readonly code: ErrorCode;
  readonly says: string;
  readonly isFatal: boolean;
}

/** First word of a reply error -> what it means. */
const REPLY_ERRORS: Readonly<Record<string, Kind>> = {
  WRONGPASS: { code: 'ERR_MESH_AUTH', says: 'refuses the user or the password', isFatal: true },
  NOAUTH: { code: 'ERR_MESH_AUTH', says: 'asks for a password', isFatal: true },
  NOPERM: { code: 'ERR_MESH_AUTH', says: 'does not permit a command, key or channel to the user', isFatal: false },
  WRONGTYPE: { code: 'ERR_MESH_TYPE', says: 'holds another type of value', isFatal: false },
  READONLY: { code: 'ERR_MESH_READONLY', says: 'is a read-only replica', isFatal: true },
  MASTERDOWN: { code: 'ERR_MESH_READONLY', says: 'is a replica that has lost its master', isFatal: true },
  LOADING: { code: 'ERR_MESH_LOADING', says: 'is still loading its data', isFatal: false },
  BUSY: { code: 'ERR_MESH_LOADING', says: 'is busy with a script', isFatal: false },
  OOM: { code: 'ERR_MESH_MEMORY', says: 'is out of memory (maxmemory)', isFatal: false },
  MISCONF: { code: 'ERR_MESH_DISK', says: 'cannot save to its disk and refuses writes', isFatal: false },
  NOREPLICAS: { code: 'ERR_MESH_DISK', says: 'has too few replicas and refuses writes', isFatal: false },
  CLUSTERDOWN: { code: 'ERR_MESH_CLUSTER', says: 'has no working cluster', isFatal: true },
  MOVED: { code: 'ERR_MESH_CLUSTER', says: 'has moved the slot of the mesh', isFatal: true },
  TRYAGAIN: { code: 'ERR_MESH_CLUSTER', says: 'is moving the slot of the mesh', isFatal: true },
};

/** What Node calls TLS failures: codes of OpenSSL's verification, and those of its own. */
const TLS_ERROR = /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_OSSL_)/;

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, 200);

/** Errors inside a script carry the word behind a prefix of Lua, so it may stand anywhere. */
const REPLY_WORD = new RegExp(`\\b(${Object.keys(REPLY_ERRORS).join('|')})\\b`);

/** `where` is what was talked to, e.g. `redis 192.0.2.1:6379`; `what` the key or purpose, if any. */
export function troubleOf(error: unknown, where: string, what?: string): Trouble {
  const { message, code, isReply } = describe(error);
  const about = what === undefined ? '' : ` (${what})`;
  const word = REPLY_WORD.exec(message)?.[1];
  if (word !== undefined) {
    const kind = REPLY_ERRORS[word]!;
    return { code: kind.code, text: `${where} ${kind.says}${about}`, isFatal: kind.isFatal };
  }
  if (TLS_ERROR.test(code)) return { code: 'ERR_MESH_TLS', text: `${where}: ${oneLine(message)}`, isFatal: true };
  return {
    code: isReply ? 'ERR_MESH_REPLY' : 'ERR_MESH_UNREACHABLE',
    text: `${where}: ${oneLine(message)}${about}`,
    isFatal: !isReply,
  };
}

function describe(error: unknown): { readonly message: string; readonly code: string; readonly isReply: boolean } {
  if (error instanceof AggregateError && error.errors.length > 0) return describe(error.errors[0]);
  if (!(error instanceof Error)) return { message: String(error), code: '', isReply: false };
  const cause = (error as { lastNodeError?: unknown }).lastNodeError; // ioredis: why all nodes of a cluster failed
  if (cause instanceof Error) return describe(cause);
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return { message: error.message === '' ? code || error.name : error.message, code, isReply: error.name === 'ReplyError' };
}

/** As troubleOf, and what a part of the mesh found out by itself. */
export function troubleAbout(what: string, error: Error, where: string): Trouble {
  if (what === 'id') return { code: 'ERR_MESH_DUPLICATE', text: error.message, isFatal: false };
  if (what.endsWith(' file'))
    return { code: 'ERR_MESH_FILE', text: `the ${what} cannot be written: ${error.message}`, isFatal: false };
  if (error.message.endsWith('does not understand')) return { code: 'ERR_MESH_RECORD', text: error.message, isFatal: false };
  return troubleOf(error, where, what);
}
