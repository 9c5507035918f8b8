// `meridian status`: who is up and why, what the running server serves and what it has answered.

import type { StatusReport } from '../process/reports.ts';
import { askServer, SERVER_HELP, SERVER_OPTIONS } from '../process/running-server.ts';
import { statusText } from '../text/status-text.ts';
import { type Command, EXIT } from './args.ts';

export const status: Command = {
  help: `Usage: meridian status [--votes] [--config FILE | --socket PATH] [--json]

Shows what the running server serves, who is up, down, forced or unknown, since when, who sees it and how old that is, the
orders in force, and what was answered since the start.

  --votes         every vote: each member as each prober sees it
${SERVER_HELP}
  --json          print everything as JSON`,
  takesWords: false,
  options: { ...SERVER_OPTIONS, votes: { type: 'boolean' }, json: { type: 'boolean' } },

  async run(values) {
    const reply = await askServer<StatusReport>(values, { command: 'status' });
    if (!reply.ok) return reply.error;
    const isJson = values['json'] === true;
    console.log(isJson ? JSON.stringify(reply.value) : statusText(reply.value, Date.now(), values['votes'] === true));
    return EXIT.DONE;
  },
};
