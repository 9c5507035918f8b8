// `meridian drain` and `meridian undrain`: takes a site, pool or member out of service little by little, and puts it back.

import { giveOrder, takeBack } from '../orders/order-commands.ts';
import { GLOB_HELP, ORDER_HELP, ORDER_OPTIONS, readTerms } from '../orders/order-options.ts';
import { SERVER_HELP, SERVER_OPTIONS } from '../process/running-server.ts';
import { type Command, failUsage } from './args.ts';

export const drain: Command = {
  help: `Usage: meridian drain GLOB --reason TEXT [--for TIME] [--author NAME] [--tool] [--config FILE | --socket PATH] [--json]

Takes what GLOB names out of service: its share of answers goes down to nothing over health.drain (30 s by default). At once:
'meridian override down'. Prints how to undo it.

${GLOB_HELP}

${ORDER_HELP}`,
  options: ORDER_OPTIONS,

  async run(values, positionals) {
    const [given, ...extra] = positionals;
    if (given === undefined) return failUsage('what to drain is missing', drain.help);
    if (extra.length > 0) return failUsage(`unexpected "${extra[0]}"`, drain.help);
    const terms = readTerms(values);
    return terms.ok ? giveOrder(values, given, 'drain', terms.value) : failUsage(terms.error, drain.help);
  },
};

export const undrain: Command = {
  help: `Usage: meridian undrain GLOB [--config FILE | --socket PATH] [--json]

Takes back a drain: what GLOB names is served as the checks see it, at once, for nothing had failed. Write GLOB as it was
drained ('meridian override list' shows it), or the id of the order.

${SERVER_HELP}
  --json          print what was taken back as JSON`,
  options: { ...SERVER_OPTIONS, json: { type: 'boolean' } },

  async run(values, positionals) {
    const [given, ...extra] = positionals;
    if (given === undefined) return failUsage('what to put back is missing', undrain.help);
    if (extra.length > 0) return failUsage(`unexpected "${extra[0]}"`, undrain.help);
    return takeBack(values, given, 'drain');
  },
};
