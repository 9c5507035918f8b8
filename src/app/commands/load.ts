// `meridian load SITE --current N`: says what a site carries, for those who measure it by other means than the agent.

import { askServerWilling, SERVER_HELP, SERVER_OPTIONS } from '../process/running-server.ts';
import { type Command, EXIT, failUsage } from './args.ts';

export const load: Command = {
  help: `Usage: meridian load SITE --current N [--target N] [--max N] [--draining] [--config FILE | --socket PATH] [--json]

Reports the load of a site to the running server, in the unit of its capacity. A report counts for 10 seconds, so it is to be
repeated, once a second say; then what is configured counts again.

  --current N     load that the site has now
  --target N      load up to which it is to be filled (default: as configured)
  --max N         load that it can bear at all (default: as configured)
  --draining      the site wants no new clients
${SERVER_HELP}
  --json          print what was reported as JSON`,
  options: {
    ...SERVER_OPTIONS,
    current: { type: 'string' },
    target: { type: 'string' },
    max: { type: 'string' },
    draining: { type: 'boolean' },
    json: { type: 'boolean' },
  },

  async run(values, positionals) {
    const [site, ...extra] = positionals;
    if (site === undefined) return failUsage('the site is missing', load.help);
    if (extra.length > 0) return failUsage(`unexpected "${extra[0]}"`, load.help);
    const numbers: Record<string, number | null> = { target: null, max: null };
    for (const name of ['current', 'target', 'max']) {
      const text = values[name];
      if (text === undefined) continue;
      const value = typeof text === 'string' && text.trim() !== '' ? Number(text) : Number.NaN;
      if (!Number.isFinite(value) || value < 0)
        return failUsage(`--${name} is "${String(text)}", not a number of at least 0`, load.help);
      numbers[name] = value;
    }
    const { current, target = null, max = null } = numbers;
    if (current === undefined || current === null) return failUsage('--current is missing', load.help);
    const request = { command: 'load', site, current, target, max, isDraining: values['draining'] === true } as const;
    const reply = await askServerWilling<object>(values, request);
    if (!reply.ok) return reply.error;
    console.log(values['json'] === true ? JSON.stringify(reply.value) : `${site} carries ${current}; believed for 10 seconds`);
    return EXIT.DONE;
  },
};
