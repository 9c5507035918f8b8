// `meridian status`: what the running server serves and has answered.

import { type Command, EXIT } from '../args.ts';
import { askServer, SERVER_HELP, SERVER_OPTIONS } from '../running-server.ts';
import type { StatusReport } from '../server.ts';
import { statusText } from '../status-text.ts';

export const status: Command = {
  help: `Usage: meridian status [--config FILE | --socket PATH] [--json]

Shows what the running server serves and what it has answered since its start.

${SERVER_HELP}
  --json          print everything as JSON`,
  options: { ...SERVER_OPTIONS, json: { type: 'boolean' } },

  async run(values) {
    const reply = await askServer<StatusReport>(values, { command: 'status' });
    if (!reply.ok) return reply.error;
    console.log(values['json'] === true ? JSON.stringify(reply.value) : statusText(reply.value));
    return EXIT.DONE;
  },
};
