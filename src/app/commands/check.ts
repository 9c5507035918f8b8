// `meridian check`: everything that `serve` reads, without serving. What check accepts, serve and reload accept.

import { hasErrors } from '../../base/errors.ts';
import { load } from '../loading/load.ts';
import { count } from '../text/plain-text.ts';
import { type Command, DEFAULT_CONFIG, EXIT, printProblems } from './args.ts';

export const check: Command = {
  help: `Usage: meridian check [--config FILE] [--json]

Reads the configuration, every zone, the geographic databases and network maps, and reports every error and warning as
FILE:LINE:COLUMN: error CODE: message. Exit code 0 if there is no error, 2 if there is.

  --config FILE   the configuration (default zones/meridian.yaml)
  --json          print the problems as JSON`,
  takesWords: false,
  options: { config: { type: 'string' }, json: { type: 'boolean' } },

  async run(values) {
    const { loaded, problems } = load(String(values['config'] ?? DEFAULT_CONFIG));
    if (values['json'] === true) console.log(JSON.stringify({ ok: loaded !== undefined, problems }));
    else printProblems(problems);
    if (loaded === undefined || hasErrors(problems)) return EXIT.USAGE;
    if (values['json'] !== true) {
      const { steering } = loaded.snapshot;
      console.log(
        `ok: ${count(loaded.zones.length, 'zone')}, ${count(steering.policies.length, 'policy').replace('policys', 'policies')}, ` +
          `${count(steering.pools.length, 'pool')}, ${count(steering.sites.length, 'site')}, ${count(loaded.geography.cells, 'cell')}`,
      );
    }
    return EXIT.DONE;
  },
};
