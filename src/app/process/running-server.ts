// What the commands that talk to a running server share: which control socket, how to ask, what to say when nobody answers.

import { formatProblem, type Problem } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { DEFAULT_CONFIG, EXIT, type OptionValues, printProblems } from '../commands/args.ts';
import { askControl, type ControlRequest } from './control.ts';

export const SERVER_OPTIONS = { config: { type: 'string' }, socket: { type: 'string' } } as const;

export const SERVER_HELP = `  --config FILE   configuration of the server (default ${DEFAULT_CONFIG}); tells where its control socket is
  --socket PATH   the control socket itself, for when the configuration is broken`;

/** Path of the control socket: `--socket`, or the one that `--config` names, or why the configuration does not tell. */
async function controlSocketOf(values: OptionValues): Promise<Result<string, readonly Problem[]>> {
  if (typeof values['socket'] === 'string') return ok(values['socket']);
  // Reading a configuration takes more than all the rest: who knows the socket, a health check say, does without its code.
  const { loadConfig } = await import('../../config/load.ts');
  const { snapshot, problems } = loadConfig(String(values['config'] ?? DEFAULT_CONFIG), 'health');
  return snapshot === undefined ? err(problems) : ok(snapshot.server.controlSocket);
}

/** Asks the server that the options name. On failure, says why on standard error; the error is the exit code. */
export async function askServer<T>(values: OptionValues, request: ControlRequest): Promise<Result<T, number>> {
  const socket = await controlSocketOf(values);
  if (!socket.ok) {
    printProblems(socket.error);
    return err(EXIT.USAGE);
  }
  const reply = await askControl<T>(socket.value, request);
  if (reply.ok) return reply;
  console.error(formatProblem(reply.error));
  return err(EXIT.FAILED);
}

/** Likewise, of a request that the server may decline with a problem: that is printed too. */
export async function askServerWilling<T extends object>(
  values: OptionValues,
  request: ControlRequest,
): Promise<Result<T, number>> {
  const reply = await askServer<T | { readonly problem: Problem }>(values, request);
  if (!reply.ok) return reply;
  if (!('problem' in reply.value)) return ok(reply.value);
  return err(failWith(reply.value.problem));
}

/** Prints a problem and returns the exit code that belongs to it. */
export function failWith(problem: Problem): number {
  console.error(formatProblem(problem));
  return problem.code === 'ERR_USAGE' ? EXIT.USAGE : EXIT.FAILED;
}
