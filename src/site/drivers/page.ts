// One page over HTTP/1.1, whole and in time: bounded in octets and by one deadline for all of it. Redirects are not followed.

import { type IncomingMessage, request } from 'node:http';
import type { Problem } from '../../base/errors.ts';
import { ok, type Result } from '../../base/result.ts';
import { codeOf, failure, messageOf, quote } from './problem.ts';

const MAX_PAGE_SIZE = 4 * 1024 * 1024;
const MAX_HEADER_SIZE = 16 * 1024;

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the name has no address',
  ECONNRESET: 'the connection was reset',
  HPE_HEADER_OVERFLOW: `the header has more than ${MAX_HEADER_SIZE} octets`,
};

/** Text of a page that answers 200. `maxSize` in octets. */
export function readPage(url: string, timeoutMs: number, maxSize = MAX_PAGE_SIZE): Promise<Result<string, Problem>> {
  return new Promise((resolve) => {
    const finish = (result: Result<string, Problem>): void => {
      clearTimeout(timer);
      asking.destroy();
      resolve(result);
    };
    const fail = (what: string): void => finish(failure('ERR_LOAD_SOURCE', `${url}: ${what}`));
    const failWith = (error: Error): void => fail(REASONS[codeOf(error)] ?? messageOf(error));
    const headers = { Accept: '*/*', 'User-Agent': 'meridian-agent', Connection: 'close' };
    const asking = request(url, { agent: false, headers, maxHeaderSize: MAX_HEADER_SIZE });
    const timer = setTimeout(() => fail(`no whole answer within ${timeoutMs} ms`), timeoutMs);
    asking.on('error', failWith);
    asking.on('upgrade', () => fail('it answers with an upgrade, 200 is needed'));
    asking.on('response', (response: IncomingMessage) => {
      if (response.statusCode !== 200) {
        fail(`it answers ${response.statusCode} ${quote(response.statusMessage ?? '')}, 200 is needed`);
        return;
      }
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('error', failWith);
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > maxSize) fail(`the page has more than ${maxSize} octets`);
        else chunks.push(chunk);
      });
      response.on('end', () => finish(ok(Buffer.concat(chunks).toString('utf8'))));
    });
    asking.end();
  });
}

/** Parses a page as JSON. */
export function jsonOf(where: string, text: string): Result<unknown, Problem> {
  try {
    return ok(JSON.parse(text) as unknown);
  } catch {
    return failure('ERR_LOAD_FORM', `${where}: the page is not JSON; it begins with "${quote(text.slice(0, 40))}"`);
  }
}
