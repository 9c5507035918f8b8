// Command lines: one table per command, strict, with a sentence for every mistake. Exit codes are those of every command.

import { type ParseArgsConfig, parseArgs } from 'node:util';
import { formatProblem, type Problem } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { count } from '../text/plain-text.ts';
import { shorterPath } from '../text/shorter-path.ts';

/** 0 done; 1 the work failed; 2 wrong use or bad configuration. */
export const EXIT = { DONE: 0, FAILED: 1, USAGE: 2 } as const;

/** Where `meridian` looks for its configuration when no --config is given, relative to the working directory. */
export const DEFAULT_CONFIG = 'zones/meridian.yaml';

type Options = NonNullable<ParseArgsConfig['options']>;

export interface Command {
  /** Text of `meridian COMMAND --help`; its first line is the usage line. */
  readonly help: string;
  readonly options: Options;
  /** False = options alone: another word is a mistake, such as a file without its --config. */
  readonly takesWords?: false;
  /** Runs the command and resolves to its exit code. */
  run(values: OptionValues, positionals: readonly string[]): Promise<number>;
}

/** By the name of the option; a list for one that may be given several times. */
export type OptionValues = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

export interface Arguments {
  readonly values: OptionValues;
  readonly positionals: readonly string[];
}

/** Parses `argv` against a table of options; a mistake becomes a Problem that ends with the usage line. */
export function readArguments(
  argv: readonly string[],
  command: Pick<Command, 'help' | 'options' | 'takesWords'>,
): Result<Arguments, Problem> {
  try {
    const allowPositionals = command.takesWords !== false;
    const options = { ...command.options, help: { type: 'boolean', short: 'h' } } as const;
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals, strict: true });
    return ok({ values: values as OptionValues, positionals });
  } catch (cause) {
    const reason = (cause as Error).message.split('. ')[0]!;
    return err(usageProblem(`${reason.charAt(0).toLowerCase()}${reason.slice(1)}`, command.help));
  }
}

function usageProblem(reason: string, help: string): Problem {
  return { severity: 'error', code: 'ERR_USAGE', message: `${reason}; u${help.split('\n')[0]!.slice(1)}` };
}

/** Prints a problem on standard error and returns the exit code for wrong use. */
export function failUsage(reason: string, help: string): number {
  console.error(formatProblem(usageProblem(reason, help)));
  return EXIT.USAGE;
}

/** Prints every problem on standard error, files relative to the working directory if they lie in it, then their number. */
export function printProblems(problems: readonly Problem[]): void {
  for (const problem of problems) {
    console.error(formatProblem(problem.file === undefined ? problem : { ...problem, file: shorterPath(problem.file) }));
  }
  const errors = problems.filter((problem) => problem.severity === 'error').length;
  const warnings = problems.length - errors;
  if (problems.length > 0) console.error(`${count(errors, 'error')}, ${count(warnings, 'warning')}`);
}
