// How a script is called: by its SHA-1, and whole where Redis does not know it (any more); then it has done nothing yet.

import type { Result } from '../base/result.ts';
import type { Script } from './redis-scripts.ts';

/** The command, and what comes before the keys. */
export const scriptCall = ({ sha, text, keyCount }: Script, isWhole: boolean): readonly [string, string, number] =>
  isWhole ? ['EVAL', text, keyCount] : ['EVALSHA', sha, keyCount];

export const isUnknownScript = (reply: Result<unknown, Error>): boolean => !reply.ok && reply.error.message.includes('NOSCRIPT');
