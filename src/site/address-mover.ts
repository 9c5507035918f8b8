// Brings a virtual address to this machine and takes it away: with `ip` of Debian's iproute2, or by a hook of the operator's. With
// `ip` the kernel itself takes the address away when the lease has run out, also if the agent is dead or stopped.

import type { Problem } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { VirtualAddress } from '../model/site-agent.ts';
import { quote } from './drivers/problem.ts';
import { runProgram } from './drivers/program.ts';

/** `take` when it has become ours, `renew` each time after that, `release` when it is ours no more, and once at the start. */
export type MoverVerb = 'take' | 'renew' | 'release';

export interface Move {
  readonly verb: MoverVerb;
  /** Fencing token of the lease; 0 on a release at the start. */
  readonly token: number;
  /** How long it is ours unless it is renewed. */
  readonly validSec: number;
  readonly timeoutMs: number;
}

/** It was not there any more: that is what was wanted. */
const GONE = /cannot assign requested address|address not found/i;

export async function moveAddress(settings: VirtualAddress, move: Move): Promise<Result<void, Problem>> {
  const { mover, id, address } = settings;
  const { verb, token, validSec, timeoutMs } = move;
  if (mover.kind === 'hook') {
    return run([...mover.argv, verb, id, address, String(token), String(validSec)], timeoutMs, 'that it is in');
  }
  const { device } = mover;
  if (verb === 'release') {
    const gone = await run(['ip', 'addr', 'del', address, 'dev', device], timeoutMs, 'iproute2');
    return !gone.ok && GONE.test(gone.error.message) ? ok(undefined) : gone;
  }
  const lifetime = ['valid_lft', String(validSec), 'preferred_lft', String(validSec)];
  const done = await run(['ip', 'addr', 'replace', address, 'dev', device, ...lifetime], timeoutMs, 'iproute2');
  // Neighbours learn of it at once where arping is installed, and when they ask again otherwise.
  if (done.ok && verb === 'take' && !address.includes(':')) {
    await run(['arping', '-U', '-c', '1', '-I', device, address.split('/')[0]!], timeoutMs, 'iputils-arping');
  }
  return done;
}

async function run(argv: readonly string[], timeoutMs: number, package_: string): Promise<Result<void, Problem>> {
  const ended = await runProgram(argv, { timeoutMs, package_ });
  if (!ended.ok) return err({ ...ended.error, code: 'ERR_ADDRESS_MOVE' });
  const { code, stderr, stdout } = ended.value;
  if (code === 0) return ok(undefined);
  const said = quote((stderr.trim() || stdout.trim()).split('\n')[0] ?? '');
  return err({
    severity: 'error',
    code: 'ERR_ADDRESS_MOVE',
    message: `${argv.join(' ')}: exit code ${code}${said === '' ? '' : `: ${said}`}`,
  });
}
