// `meridian reload`: asks the running server to read its files again and shows what came of it.

import type { ReloadReport } from '../process/reports.ts';
import { askServer, SERVER_HELP, SERVER_OPTIONS } from '../process/running-server.ts';
import { count } from '../text/plain-text.ts';
import { type Command, EXIT, printProblems } from './args.ts';

export const reload: Command = {
  help: `Usage: meridian reload [--config FILE | --socket PATH] [--json]

Makes the running server read its configuration, zones and databases again. Zones whose files did not change are kept as
they are. If anything is wrong, every error is printed, nothing changes, and the exit code is 2.

${SERVER_HELP}
  --json          print the report as JSON`,
  takesWords: false,
  options: { ...SERVER_OPTIONS, json: { type: 'boolean' } },

  async run(values) {
    const reply = await askServer<ReloadReport>(values, { command: 'reload' });
    if (!reply.ok) return reply.error;
    const report = reply.value;
    if (values['json'] === true) console.log(JSON.stringify(report));
    else {
      printProblems(report.problems);
      console.log(
        report.done
          ? `reloaded in ${report.tookMs} ms: ${count(report.zonesRead, 'zone')} read, ${report.zonesKept} unchanged, geography ${report.geography}`
          : 'nothing was changed: the server goes on with what it had',
      );
    }
    return report.done ? EXIT.DONE : EXIT.USAGE;
  },
};
