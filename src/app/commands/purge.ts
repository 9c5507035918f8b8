// `meridian purge`: takes stored responses out of the caches of a site's agents.

import { askServerWilling, SERVER_HELP, SERVER_OPTIONS } from '../process/running-server.ts';
import type { PurgeReply } from '../site/purge.ts';
import { count } from '../text/plain-text.ts';
import { type Command, EXIT, failUsage } from './args.ts';

export const purge: Command = {
  help: `Usage: meridian purge PATTERN [--site SITE] [--config FILE | --socket PATH] [--json]

Takes responses out of the caches of the agent (routes with cache: true), so that servers are asked again. What is on its way
from a server meanwhile is not stored. With mesh.redis the agents of other processes do it, too, within seconds; without, ask each agent.

  PATTERN         HOST/PATH, where * stands for anything: 'www.example.org/news', 'www.example.org/images/*', '*/style.css*';
                  '*' alone is everything. Host without port; path with its query as clients ask for it
  --site SITE     only at this site; otherwise at all sites
${SERVER_HELP}
  --json          print the figures of each listener as JSON`,
  options: { ...SERVER_OPTIONS, site: { type: 'string' }, json: { type: 'boolean' } },

  async run(values, positionals) {
    const [pattern, ...extra] = positionals;
    if (pattern === undefined) return failUsage('what to purge is missing', purge.help);
    if (extra.length > 0) return failUsage(`unexpected "${extra[0]}"`, purge.help);
    const site = typeof values['site'] === 'string' ? values['site'] : null;
    const reply = await askServerWilling<PurgeReply>(values, { command: 'purge', pattern, site });
    if (!reply.ok) return reply.error;
    if (values['json'] === true) console.log(JSON.stringify(reply.value));
    else {
      const { done, isShared } = reply.value;
      if (done.length === 0 && !isShared) console.log('no listener stores anything');
      for (const one of done)
        console.log(`${one.site}/${one.listener}: ${count(one.purged, 'response')} purged, ${one.left} left`);
      if (isShared) console.log('the agents of other processes do it within seconds');
    }
    return EXIT.DONE;
  },
};
