// Asks HAProxy over its runtime or master socket. A connection for each command, which HAProxy closes at the end of its answer: an
// answer is whole when the connection has ended, and none can be taken for another's. Source: HAProxy management guide, section 9.3.

import { connect } from 'node:net';
import type { Problem } from '../../../base/errors.ts';
import { ok, type Result } from '../../../base/result.ts';
import { codeOf, failure, messageOf } from '../problem.ts';

/** 4,000 servers give about 2 MiB. */
const MAX_ANSWER_SIZE = 16 * 1024 * 1024;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such socket; HAProxy makes it with "stats socket <path> mode 660 level admin" in its global section',
  EACCES: 'this user may not use it; see mode, user and group of "stats socket"',
  ECONNREFUSED: 'nobody listens there; HAProxy does not run',
};

/** The answer to one command without line ends or semicolons: who builds one from names has checked them. */
export function ask(socket: string, command: string, timeoutMs: number): Promise<Result<string, Problem>> {
  if (/[\r\n;]/.test(command)) throw new Error('a command to HAProxy must be one command on one line');
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (result: Result<string, Problem>): void => {
      clearTimeout(timer);
      peer.destroy();
      resolve(result);
    };
    const fail = (what: string): void => finish(failure('ERR_DRIVER_UNREACHABLE', `haproxy ${socket}: ${what}`));
    const timer = setTimeout(() => fail(`no whole answer within ${timeoutMs} ms`), timeoutMs);
    const peer = connect({ path: socket, allowHalfOpen: true });
    // The end of what we say: a master waits for it before it closes.
    peer.end(`${command}\n`);
    peer.on('error', (error) => fail(REASONS[codeOf(error)] ?? messageOf(error)));
    peer.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_ANSWER_SIZE) fail(`the answer has more than ${MAX_ANSWER_SIZE} octets`);
      else chunks.push(chunk);
    });
    peer.on('end', () => finish(ok(Buffer.concat(chunks).toString('utf8'))));
  });
}

/** Whether anybody has this socket. Somebody who does not answer has it, too. */
export function isListening(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const peer = connect({ path: socket });
    const finish = (is: boolean): void => {
      peer.destroy();
      resolve(is);
    };
    peer.once('connect', () => finish(true));
    peer.once('error', (error) => finish(!['ENOENT', 'ECONNREFUSED'].includes(codeOf(error))));
  });
}

/** Gives an order. HAProxy answers an order that it carries out with an empty line, or with a line that starts with one of `fine`. */
export async function order(
  socket: string,
  command: string,
  timeoutMs: number,
  fine: readonly string[] = [],
): Promise<Result<void, Problem>> {
  const answer = await ask(socket, command, timeoutMs);
  if (!answer.ok) return answer;
  const text = answer.value.trim();
  if (text === '' || fine.some((start) => text.startsWith(start))) return ok(undefined);
  const hint = /permission denied/i.test(text) ? '; the socket needs "level admin"' : '';
  const said = text.split('\n')[0] ?? '';
  return failure('ERR_DRIVER_REFUSED', `haproxy ${socket}: "${command}" was answered with "${said.slice(0, 200)}"${hint}`);
}
