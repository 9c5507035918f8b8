// `meridian demo`: ends and starts the local servers behind the sites of the demo, so that a failover can be watched.

import { type DemoAction, type DemoReport, isDemoAction } from '../demo/demo-sites.ts';
import { askServerWilling, SERVER_HELP, SERVER_OPTIONS } from '../process/running-server.ts';
import { columns } from '../text/columns.ts';
import { type Command, EXIT, failUsage } from './args.ts';

export const demo: Command = {
  help: `Usage: meridian demo stop SITE | start SITE | list [--config FILE | --socket PATH] [--json]

Ends or starts the agent and the web servers that play a site of the demo ('npm start', or 'meridian serve --demo'). Connections to a site
that was stopped are refused: the checks see it, and some seconds later clients are sent elsewhere ('meridian status' and
'meridian explain' tell why). A site that is started again gets its clients back little by little.

${SERVER_HELP}
  --json          print the sites as JSON`,
  options: { ...SERVER_OPTIONS, json: { type: 'boolean' } },

  async run(values, positionals) {
    const [action, site, ...extra] = positionals;
    if (action === undefined) return failUsage('stop, start or list is missing', demo.help);
    if (!isDemoAction(action)) return failUsage(`"${action}" is not one of stop, start, list`, demo.help);
    const unexpected = action === 'list' ? site : extra[0];
    if (unexpected !== undefined) return failUsage(`unexpected "${unexpected}"`, demo.help);
    if (action !== 'list' && site === undefined) return failUsage(`the site to ${action} is missing`, demo.help);
    const reply = await askServerWilling<DemoReport>(values, { command: 'demo', action, site: site ?? null });
    if (!reply.ok) return reply.error;
    console.log(values['json'] === true ? JSON.stringify(reply.value) : reportText(reply.value, action, site));
    return EXIT.DONE;
  },
};

function reportText({ sites }: DemoReport, action: DemoAction, site: string | undefined): string {
  if (action === 'stop') return `${site} refuses connections now; undo: meridian demo start ${site}`;
  if (action === 'start') return `${site} serves again; undo: meridian demo stop ${site}`;
  if (sites.length === 0) return 'the demo has no site: no check of the configuration goes to loopback';
  return columns(
    sites.map((entry) => [
      entry.site,
      `port ${entry.port}`,
      entry.isServing ? 'serves' : `STOPPED${entry.trouble === null ? '' : `: ${entry.trouble}`}`,
    ]),
    '',
  ).join('\n');
}
