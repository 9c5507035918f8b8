#!/usr/bin/env node
// `meridian COMMAND ...`: finds the command, reads its options, sets the exit code. Each command is loaded when it is asked
// for, so that `meridian query` does not wait for the server's code.

import { formatProblem } from '../base/errors.ts';
import { findTooFewFiles, openFilesLimit } from './answering/open-files.ts';
import { type Command, EXIT, readArguments } from './commands/args.ts';
import { beginFirstLoad } from './loading/early-load.ts';
import { VERSION } from './version.ts';

const COMMANDS: Readonly<Record<string, { summary: string; load(argv: readonly string[]): Promise<Command> }>> = {
  serve: {
    summary: 'run the server',
    load: async (argv) => {
      // Nothing has been read yet that a reload could read again; left to the system, the signal would end the process.
      process.on('SIGHUP', () => {});
      process.on('SIGUSR2', () => {}); // nothing is there yet that a successor could take over
      beginFirstLoad(argv);
      return (await import('./commands/serve.ts')).serve;
    },
  },
  check: {
    summary: 'read configuration, zones and databases; report every error',
    load: async () => (await import('./commands/check.ts')).check,
  },
  explain: {
    summary: 'why a client gets the answer it gets',
    load: async () => (await import('./commands/explain.ts')).explainCommand,
  },
  query: { summary: 'ask any DNS server', load: async () => (await import('./commands/query.ts')).query },
  bench: {
    summary: 'put a bounded load on a DNS server and tell how it bore it',
    load: async () => (await import('./commands/bench.ts')).bench,
  },
  simulate: {
    summary: 'how the sites of a configuration would fare in a scenario',
    load: async () => (await import('./commands/simulate.ts')).simulateCommand,
  },
  drill: {
    summary: 'break something on purpose and measure what clients see of it',
    load: async () => (await import('./commands/drill.ts')).drillCommand,
  },
  reload: {
    summary: 'make the running server read its files again',
    load: async () => (await import('./commands/reload.ts')).reload,
  },
  upgrade: {
    summary: 'have the running server replaced by the program that is on the disk now',
    load: async () => (await import('./commands/upgrade.ts')).upgrade,
  },
  status: {
    summary: 'who is up and why, what is served and what was answered',
    load: async () => (await import('./commands/status.ts')).status,
  },
  alerts: {
    summary: 'what the server finds wrong by itself',
    load: async () => (await import('./commands/silence.ts')).alerts,
  },
  silence: {
    summary: 'tell nobody of an alert for a time',
    load: async () => (await import('./commands/silence.ts')).silence,
  },
  whatif: {
    summary: 'where clients would go without a site',
    load: async () => (await import('./commands/whatif.ts')).whatif,
  },
  load: {
    summary: 'say what a site carries, in place of its agent',
    load: async () => (await import('./commands/load.ts')).load,
  },
  drain: {
    summary: 'take a site, pool or member out of service little by little',
    load: async () => (await import('./commands/drain.ts')).drain,
  },
  undrain: { summary: 'put it back', load: async () => (await import('./commands/drain.ts')).undrain },
  override: {
    summary: 'force members up or down whatever the checks see; list all orders',
    load: async () => (await import('./commands/override.ts')).override,
  },
  token: {
    summary: 'make a token for the admin API',
    load: async () => (await import('./commands/token.ts')).token,
  },
  import: {
    summary: 'zones and configuration from those of another server',
    load: async () => (await import('./commands/import.ts')).importCommand,
  },
  demo: {
    summary: 'stop and start the sites of the demo',
    load: async () => (await import('./commands/demo.ts')).demo,
  },
};

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
        message: `unknown command "${name}"; allowed are ${Object.keys(COMMANDS).join(', ')}`,
      }),
    );
    return EXIT.USAGE;
  }
  const tooFewFiles = findTooFewFiles(openFilesLimit());
  if (tooFewFiles !== undefined) {
    console.error(formatProblem(tooFewFiles));
    return EXIT.FAILED;
  }
  const command = await entry.load(rest);
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
