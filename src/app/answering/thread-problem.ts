// Tells a thread that the system did not let us start from one that ended by a bug: the former has a remedy.

import type { Problem } from '../../base/errors.ts';

/** Node's code for a thread whose event loop could not be made; the message ends with the system's code. */
const INIT_FAILED = 'ERR_WORKER_INIT_FAILED';

/** The problem if the thread could not be started; undefined if it could. `what` is the subject of a sentence. */
export function threadNotStarted(what: string, error: NodeJS.ErrnoException): Problem | undefined {
  if (error.code !== INIT_FAILED) return undefined;
  const reason = /\w*$/.exec(error.message)![0];
  const message = `${what} cannot be started: ${reason}; raise the limit on open files ('ulimit -n', LimitNOFILE= in a systemd unit)`;
  return { severity: 'error', code: 'ERR_OPEN_FILES', message };
}
