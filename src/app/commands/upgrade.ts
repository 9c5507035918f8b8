// `meridian upgrade`: has the running server replaced by the program that is on the disk now, without a lost query, and shows what
// came of it.

import { parseDuration } from '../../config/units.ts';
import { DEFAULT_WITHIN_MS, type UpgradeReport } from '../process/handover.ts';
import { askServer, SERVER_HELP, SERVER_OPTIONS } from '../process/running-server.ts';
import { type Command, EXIT, failUsage, printProblems } from './args.ts';

const HELP = `Usage: meridian upgrade [--config FILE | --socket PATH] [--within TIME] [--json]

Makes the running server start its successor: the program that is on the disk now, with the same arguments. It takes over the sockets,
the state directory and the counters; when it is ready the old process answers what it has begun, and ends. If the successor cannot
start, everything stays as it is, its errors are printed, and the exit code is 1. SIGUSR2 to the server does the same.

${SERVER_HELP}
  --within TIME   how long the successor may take to be ready (default 10m)
  --json          print the report as JSON`;

export const upgrade: Command = {
  help: HELP,
  takesWords: false,
  options: { ...SERVER_OPTIONS, within: { type: 'string' }, json: { type: 'boolean' } },

  async run(values) {
    const within = values['within'];
    const withinMs = within === undefined ? DEFAULT_WITHIN_MS : parseDuration(String(within));
    if (withinMs === undefined || withinMs <= 0) return failUsage(`--within takes a time such as 30s, found "${within}"`, HELP);
    const reply = await askServer<UpgradeReport>(values, { command: 'upgrade', withinMs });
    if (!reply.ok) return reply.error;
    const report = reply.value;
    if (values['json'] === true) console.log(JSON.stringify(report));
    else {
      printProblems(report.problems);
      console.log(
        report.done
          ? `process ${report.pid} has taken over, after ${report.tookMs} ms`
          : `nothing was changed: process ${report.pid} goes on`,
      );
    }
    return report.done ? EXIT.DONE : EXIT.FAILED;
  },
};
