// Check `exec`: a program of the operator's judges; exit code 0 is up. No shell: what is filled in can never become a command.
// The program leads a process group of its own, and at the end of the check that group is killed, whatever it has started.

import { type ChildProcess, spawn } from 'node:child_process';
import { type CheckKind, OUTCOME } from '../model/probe.ts';
import { type Attempt, attempt, type Limits } from './attempt.ts';
import { codeOf, type Finding, findingOfErrno, messageOf, notChecked } from './finding.ts';
import type { Place } from './place.ts';

/** So much output is kept for the detail; beyond the second number of octets the program is stopped. */
const KEPT_OCTETS = 1024;
const MAX_OUTPUT_OCTETS = 1_048_576;
/** Once the program has ended, its last words are on their way; something that escaped its group may hold the pipe open. */
const LAST_WORDS_MS = 200;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** First line of what it wrote, on either stream. */
  readonly says: string;
}

export function checkExec(
  place: Place & { readonly port: number | null },
  { argv }: Extract<CheckKind, { kind: 'exec' }>,
  limits: Limits,
): Promise<Finding> {
  const fill = (text: string): string =>
    text
      .replaceAll('{address}', place.address)
      .replaceAll('{port}', String(place.port ?? ''))
      .replaceAll('{family}', String(place.family));
  return attempt(limits, (frame) => {
    runProgram(frame, argv.map(fill), ({ code, signal, says }) => {
      const tail = says === '' ? '' : `: ${says}`;
      if (code === 0) frame.finish(OUTCOME.OK, says || 'exit code 0');
      else frame.finish(OUTCOME.BAD_STATUS, code === null ? `killed by ${signal}${tail}` : `exit code ${code}${tail}`);
    });
  });
}

/** Runs a program inside an attempt, whose end is its end. It gets no environment but PATH. */
export function runProgram(frame: Attempt, argv: readonly string[], done: (ended: Ended) => void): void {
  const [program = '', ...args] = argv;
  frame.stage(program);
  let child: ChildProcess;
  try {
    child = spawn(program, args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' },
    });
  } catch (error) {
    frame.end(notChecked(`${program} cannot be started: ${messageOf(error)}`));
    return;
  }
  child.on('error', (error) => {
    const why = codeOf(error) === 'ENOENT' ? 'it does not exist' : (findingOfErrno(error, 4)?.detail ?? messageOf(error));
    frame.end(notChecked(`${program} cannot be started: ${why.replace('not checked: ', '')}`));
  });
  frame.onEnd(() => {
    killGroup(child);
    child.stdout?.destroy();
    child.stderr?.destroy();
  });
  let kept = '';
  let octets = 0;
  const hear = (chunk: Buffer): void => {
    octets += chunk.length;
    if (kept.length < KEPT_OCTETS) kept += chunk.subarray(0, KEPT_OCTETS).toString('utf8');
    if (octets > MAX_OUTPUT_OCTETS) frame.finish(OUTCOME.BAD_CONTENT, `${program} wrote more than ${MAX_OUTPUT_OCTETS} octets`);
  };
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);
  child.once('exit', (code, signal) => {
    killGroup(child);
    const tell = (): void => {
      clearTimeout(patience);
      if (!frame.isOver) done({ code, signal, says: kept.trim().split('\n')[0] ?? '' });
    };
    const patience = setTimeout(tell, LAST_WORDS_MS);
    child.once('close', tell);
  });
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}
