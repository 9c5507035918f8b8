// `meridian override`: orders that are stronger than what the checks see, and the list of all orders in force.

import type { OverrideSet } from '../../model/mesh.ts';
import { giveOrder, takeBack } from '../orders/order-commands.ts';
import { GLOB_HELP, ORDER_HELP, ORDER_OPTIONS, readTerms } from '../orders/order-options.ts';
import { orderListText } from '../orders/orders-text.ts';
import { askServerWilling } from '../process/running-server.ts';
import { type Command, EXIT, failUsage, type OptionValues } from './args.ts';

export const override: Command = {
  help: `Usage: meridian override up|down GLOB --reason TEXT [options] | list | remove ID [--json]

Decides over the checks: up gives what GLOB names its full share whatever is seen, down takes it away at once. What is seen is
still shown. Prints how to undo it. remove takes back the orders with this id, or exactly this GLOB.

${GLOB_HELP}

${ORDER_HELP}`,
  options: ORDER_OPTIONS,

  async run(values, positionals) {
    const [action, given, ...extra] = positionals;
    switch (action) {
      case undefined:
        return failUsage('up, down, list or remove is missing', override.help);
      case 'list':
        return given === undefined ? listOrders(values) : failUsage(`unexpected "${given}"`, override.help);
      case 'up':
      case 'down':
      case 'remove':
        break;
      default:
        return failUsage(`"${action}" is not one of up, down, list, remove`, override.help);
    }
    if (given === undefined)
      return failUsage(action === 'remove' ? 'the id is missing' : `what to force ${action} is missing`, override.help);
    if (extra.length > 0) return failUsage(`unexpected "${extra[0]}"`, override.help);
    if (action === 'remove') return takeBack(values, given, null);
    const terms = readTerms(values);
    return terms.ok ? giveOrder(values, given, action, terms.value) : failUsage(terms.error, override.help);
  },
};

async function listOrders(values: OptionValues): Promise<number> {
  const reply = await askServerWilling<OverrideSet>(values, { command: 'overrides' });
  if (!reply.ok) return reply.error;
  console.log(values['json'] === true ? JSON.stringify(reply.value) : orderListText(reply.value, Date.now()));
  return EXIT.DONE;
}
