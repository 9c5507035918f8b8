// `meridian whatif --without SITE`: where the clients of this moment would go, and what that would make of the other sites.

import type { WhatIf } from '../../steering/spill-whatif.ts';
import { whatIfText } from '../capacity/capacity-text.ts';
import { askServerWilling, SERVER_HELP, SERVER_OPTIONS } from '../process/running-server.ts';
import { type Command, EXIT, failUsage } from './args.ts';

export const whatif: Command = {
  help: `Usage: meridian whatif --without SITE [--config FILE | --socket PATH] [--json]

Tells what would happen if a site went away now: the load of each site before and after, from present demand and capacities, and
which clients would go where. Nothing is changed.

  --without SITE  the site that would be gone
${SERVER_HELP}
  --json          print everything as JSON`,
  options: { ...SERVER_OPTIONS, without: { type: 'string' }, json: { type: 'boolean' } },

  async run(values, positionals) {
    const site = values['without'];
    if (positionals.length > 0) return failUsage(`unexpected "${positionals[0]}"`, whatif.help);
    if (typeof site !== 'string') return failUsage('--without is missing', whatif.help);
    const reply = await askServerWilling<WhatIf>(values, { command: 'whatif', without: site });
    if (!reply.ok) return reply.error;
    console.log(values['json'] === true ? JSON.stringify(reply.value) : whatIfText(reply.value));
    return EXIT.DONE;
  },
};
