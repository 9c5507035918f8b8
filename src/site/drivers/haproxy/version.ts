// Which HAProxy it is. Before 2.6 it cannot hash a prefix of an address (`balance hash`), and 2.4 and older ones are no longer kept
// up: the runtime socket has what we need from 2.2 on.

import type { Problem } from '../../../base/errors.ts';
import { ok, type Result } from '../../../base/result.ts';
import { failure, quote } from '../problem.ts';
import { runProgram } from '../program.ts';

export type Version = readonly [major: number, minor: number];

export const LEAST_MANAGED: Version = [2, 6];
export const LEAST_ATTACHED: Version = [2, 2];

export function parseVersion(text: string): Version | undefined {
  const match = /(?:^|\s|:)(\d{1,3})\.(\d{1,3})(?:[.\s-]|$)/m.exec(text);
  return match === null ? undefined : [Number(match[1]), Number(match[2])];
}

const isLess = (a: Version, b: Version): boolean => a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);

/** `text`: what it says of itself. */
export function checkVersion(text: string, where: string, least: Version): Result<Version, Problem> {
  const version = parseVersion(text);
  const needed = `HAProxy ${least.join('.')} or newer is needed`;
  if (version === undefined) return failure('ERR_DRIVER_PROGRAM', `${where}: ${needed}, found "${quote(text.slice(0, 80))}"`);
  if (isLess(version, least)) return failure('ERR_DRIVER_PROGRAM', `${where}: ${needed}, found ${version.join('.')}`);
  return ok(version);
}

export async function versionOf(program: string, timeoutMs: number): Promise<Result<Version, Problem>> {
  const ended = await runProgram([program, '-v'], { timeoutMs, package_: 'haproxy' });
  if (!ended.ok) return ended;
  const { stdout, stderr } = ended.value;
  return checkVersion(stdout.split('\n')[0] || stderr.split('\n')[0] || '', program, LEAST_MANAGED);
}
