// dig as a client of a server on this machine. It asks once and waits long: a query that is sent again because the machine is
// busy would be counted, or answered, twice.

import { PATIENCE_MS } from './patience.ts';
import { type RunResult, run } from './server.ts';

/** Runs dig to its end; `args` are its options and questions. */
export const tryDig = (port: number, ...args: readonly string[]): Promise<RunResult> =>
  run('dig', [...`@127.0.0.1 -p ${port} +norecurse +tries=1 +time=${PATIENCE_MS / 1000}`.split(' '), ...args]);

/** What dig printed; throws if it got no reply. */
export async function dig(port: number, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await tryDig(port, ...args);
  if (code !== 0) throw new Error(`dig ${args.join(' ')} ended with code ${code}:\n${stdout}${stderr}`);
  return stdout;
}
