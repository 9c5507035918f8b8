// Check `icmp`: an echo comes back. Node opens no raw sockets, and should not have to: the system's `ping` is permitted to.
// Its exit codes (iputils): 0 a reply, 1 no reply, 2 another error.

import { OUTCOME } from '../model/probe.ts';
import { attempt, type Limits } from './attempt.ts';
import { runProgram } from './exec.ts';
import { type Finding, notChecked } from './finding.ts';
import type { Place } from './place.ts';

/** `program` stands in for ping in tests. */
export function checkIcmp({ address, family }: Place, limits: Limits, program = 'ping'): Promise<Finding> {
  const waitSec = Math.max(1, Math.ceil(limits.timeoutMs / 1000));
  const argv = [program, `-${family}`, '-n', '-q', '-c', '1', '-W', String(waitSec), address];
  return attempt(limits, (frame) => {
    runProgram(frame, argv, ({ code, says }) => {
      if (code === 0) frame.finish(OUTCOME.OK, 'echo reply');
      else if (code === 1) frame.finish(OUTCOME.TIMEOUT, 'no echo reply');
      else frame.end(notChecked(`ping failed: ${says || `exit code ${code}`}`));
    });
  });
}
