#!/usr/bin/env node
// `meridian COMMAND ...`: finds the command, reads its options, sets the exit code.

import { formatProblem } from '../base/errors.ts';
import { didYouMean } from '../config/suggest.ts';
import { findTooFewFiles, openFilesLimit } from './answering/open-files.ts';
import { EXIT, readArguments } from './commands/args.ts';
import { COMMANDS } from './commands/table.ts';
import { VERSION } from './version.ts';

const HELP = `usage: meridian COMMAND [options]

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(9)}${summary}`)
  .join('\n')}

'meridian COMMAND --help' tells the options of a command; 'meridian --version' the version.
Exit codes: 0 done, 1 failed, 2 wrong use or bad configuration.`;

async function main(argv: readonly string[]): Promise<number> {
  const [name = '--help', ...rest] = argv;
  if (name === '--version') {
    console.log(VERSION);
    return EXIT.DONE;
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    console.log(HELP);
    return EXIT.DONE;
  }
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined) {
    console.error(
      formatProblem({
        severity: 'error',
        code: 'ERR_USAGE',
        message: `unknown command "${name}"${didYouMean(name, Object.keys(COMMANDS)) || ';'} allowed are ${Object.keys(COMMANDS).join(', ')}`,
      }),
    );
    return EXIT.USAGE;
  }
  const tooFewFiles = findTooFewFiles(openFilesLimit());
  if (tooFewFiles !== undefined) {
    console.error(formatProblem(tooFewFiles));
    return EXIT.FAILED;
  }
  entry.prepare?.(rest);
  const command = await entry.load();
  const parsed = readArguments(rest, command);
  if (!parsed.ok) {
    console.error(formatProblem(parsed.error));
    return EXIT.USAGE;
  }
  if (parsed.value.values['help'] === true) {
    console.log(command.help);
    return EXIT.DONE;
  }
  return command.run(parsed.value.values, parsed.value.positionals);
}

// Output to a closed pipe (`meridian explain ... | head`) is not worth a stack trace.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : EXIT.FAILED));

process.exitCode = await main(process.argv.slice(2));
