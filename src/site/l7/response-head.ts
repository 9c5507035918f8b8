// The head of a response of a server (RFC 9112), read as strictly as those of clients. Fields of the connection and of the framing are
// taken out: what is left is for the client.

import { type Fields, isKeepAlive, lengthOf, listOf, readFields, without } from './fields.ts';
import { CHUNKED } from './request-head.ts';

/** Size of a body that ends with the connection. */
export const UNTIL_CLOSE = -2;

export class ResponseHead {
  status = 0;
  reason = '';
  fields: Fields = [];
  /** Of the body that follows: octets, CHUNKED or UNTIL_CLOSE. */
  bodySize = 0;
  /** What Content-Length said; -1 = nothing. In a response to HEAD no body has it. */
  statedSize = -1;
  keepsAlive = true;
  /** Of a 101. */
  upgrade: string | null = null;
}

const MOST_FIELDS = 200;

/** Reads a whole head: `text` is latin1 and ends with the blank line. Null = it is not one, or says two things at once. */
export function readResponseHead(text: string, isForHead: boolean): ResponseHead | null {
  const lineEnd = text.indexOf('\r\n');
  // HTTP/1.1 200 OK; the reason may be missing, and its space with it.
  const isHttp10 = text.startsWith('HTTP/1.0 ');
  if (!isHttp10 && !text.startsWith('HTTP/1.1 ')) return null;
  const status = lengthOf(text.slice(9, 12));
  if (status < 100 || status > 599 || (lineEnd !== 12 && text.charCodeAt(12) !== 32)) return null;
  const head = new ResponseHead();
  head.status = status;
  head.reason = text.slice(13, lineEnd);
  if (head.reason !== 'OK' && !/^[\t\x20-\x7e\x80-\xff]*$/.test(head.reason)) return null;
  let isChunked = false;
  let connection: string | null = null;
  const take = (name: string, value: string): 'contradiction' | null => {
    switch (name.length) {
      case 2:
        if (name === 'te') return null;
        break;
      case 7:
        if (name !== 'upgrade') break;
        head.upgrade = value;
        return null;
      case 10:
        if (name === 'keep-alive') return null;
        if (name !== 'connection') break;
        connection = connection === null ? value : `${connection},${value}`;
        return null;
      case 14: {
        if (name !== 'content-length') break;
        const length = lengthOf(value);
        if (length < 0 || head.statedSize >= 0) return 'contradiction';
        head.statedSize = length;
        return null;
      }
      case 16:
        if (name === 'proxy-connection') return null;
        break;
      case 17:
        if (name !== 'transfer-encoding') break;
        if (isChunked || value.toLowerCase() !== 'chunked') return 'contradiction';
        isChunked = true;
        return null;
    }
    head.fields.push(name, value);
    return null;
  };
  if (readFields(text, lineEnd + 2, text.length - 2, MOST_FIELDS, take) !== null) return null;
  if (isChunked && (head.statedSize >= 0 || isHttp10)) return null;
  head.keepsAlive = !isHttp10;
  if (connection !== null && (isHttp10 || !isKeepAlive(connection))) {
    const options = listOf(connection);
    head.keepsAlive = isHttp10 ? options.includes('keep-alive') : !options.includes('close');
    const named = options.filter((option) => option !== 'close' && option !== 'keep-alive' && option !== 'upgrade');
    if (named.length > 0) head.fields = without(head.fields, named);
  }
  if (status === 204 || status < 200) head.statedSize = -1; // RFC 9110 section 8.6
  if (isForHead || status === 304 || status === 204 || status < 200) head.bodySize = 0;
  else if (isChunked) head.bodySize = CHUNKED;
  else head.bodySize = head.statedSize >= 0 ? head.statedSize : UNTIL_CLOSE;
  if (head.bodySize === UNTIL_CLOSE) head.keepsAlive = false;
  return head;
}
