// Giving orders to the running server and taking them back, as `drain`, `undrain` and `override` do: names are resolved against
// what the server knows, and every change prints how to undo it.

import type { Override } from '../../model/verdict.ts';
import { EXIT, type OptionValues } from '../commands/args.ts';
import type { StatusReport } from '../process/reports.ts';
import { askServer, askServerWilling, failWith } from '../process/running-server.ts';
import { globOf, namesOf } from './order-names.ts';
import type { OrderTerms } from './order-options.ts';
import type { OrderReply, RecallReply } from './orders.ts';
import { givenText, recalledText, repeatOf, undoOf } from './orders-text.ts';

/** Orders `action` for what `given` names; the exit code. */
export async function giveOrder(
  values: OptionValues,
  given: string,
  action: Override['action'],
  terms: OrderTerms,
): Promise<number> {
  const status = await askServer<StatusReport>(values, { command: 'status' });
  if (!status.ok) return status.error;
  const { servers } = status.value;
  const { members } = status.value.health;
  const glob = globOf(given, namesOf(members, servers));
  if (!glob.ok) return failWith(glob.error);
  const reply = await askServerWilling<OrderReply>(values, { command: 'order', glob: glob.value, action, ...terms });
  if (!reply.ok) return reply.error;
  const { created, names } = reply.value;
  const isJson = values['json'] === true;
  console.log(isJson ? JSON.stringify({ created, names, undo: undoOf(created) }) : givenText(reply.value, members, Date.now()));
  return EXIT.DONE;
}

/** Takes back the orders with this id, or on what `given` names, of one action or of any; the exit code. */
export async function takeBack(values: OptionValues, given: string, action: Override['action'] | null): Promise<number> {
  const status = await askServer<StatusReport>(values, { command: 'status' });
  if (!status.ok) return status.error;
  const { members, overrides } = status.value.health;
  const isKnown = overrides.overrides.some(({ id, glob }) => id === given || glob === given);
  // What is no name (any more) goes as it is: the server tells what there is to take back.
  const glob = globOf(given, namesOf(members, status.value.servers));
  const what = isKnown || !glob.ok ? given : glob.value;
  const reply = await askServerWilling<RecallReply>(values, { command: 'recall', what, action });
  if (!reply.ok) return reply.error;
  const { removed } = reply.value;
  const nowMs = Date.now();
  const undo = removed.map((order) => repeatOf(order, nowMs));
  console.log(values['json'] === true ? JSON.stringify({ removed, undo }) : recalledText(removed, nowMs));
  return EXIT.DONE;
}
