// Runs a program of another package to its end: argument vector, no shell, a time limit, bounded output.

import { execFile } from 'node:child_process';
import type { Problem } from '../../base/errors.ts';
import { ok, type Result } from '../../base/result.ts';
import { codeOf, failure, messageOf } from './problem.ts';

const MAX_OUTPUT_SIZE = 4 * 1024 * 1024;

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Before the PATH that we were given: packages of Node have programs that are called like those of administrators (`nft`). */
const SYSTEM = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** `package_`: what to install if the program is missing. Programs of administrators are found without a full path. */
export function runProgram(
  argv: readonly string[],
  { timeoutMs, input = '', package_ }: { readonly timeoutMs: number; readonly input?: string; readonly package_: string },
): Promise<Result<Ended, Problem>> {
  const [program = '', ...args] = argv;
  const env = { PATH: `${SYSTEM}:${process.env['PATH'] ?? ''}`, LC_ALL: 'C' };
  const options = { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: MAX_OUTPUT_SIZE, env } as const;
  return new Promise((resolve) => {
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      const code = codeOf(error);
      const fail = (what: string): void => resolve(failure('ERR_DRIVER_PROGRAM', `${program}: ${what}`));
      if (error === null) resolve(ok({ code: 0, stdout, stderr }));
      else if (typeof error.code === 'number') resolve(ok({ code: error.code, stdout, stderr }));
      else if (code === 'ENOENT') fail(`there is no such program; install the package ${package_}, or say where it is`);
      else if (code === 'EACCES') fail('this user may not run it');
      else if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') fail(`it wrote more than ${MAX_OUTPUT_SIZE} octets`);
      else if (error.killed) fail(`it did not end within ${timeoutMs} ms`);
      else fail(messageOf(error));
    });
    child.stdin?.on('error', () => {}); // it ended without reading all: its exit code tells
    child.stdin?.end(input);
  });
}
