// `meridian alerts` and `meridian silence`: what is wrong by the server's own eye, and keeping it from being told for a time.

import type { Silence } from '../../watch/alert-book.ts';
import { ORDER_OPTIONS, readTerms } from '../orders/order-options.ts';
import { askServerWilling, SERVER_HELP, SERVER_OPTIONS } from '../process/running-server.ts';
import { alertLines } from '../text/alert-text.ts';
import type { AlertReport } from '../watch/alert-desk.ts';
import { type Command, EXIT, failUsage, type OptionValues } from './args.ts';

const LEAST_MS = 60_000;
const LONGEST_MS = 90 * 86_400_000;

export const alerts: Command = {
  help: `Usage: meridian alerts [--config FILE | --socket PATH] [--json]

Shows what the running server finds wrong by itself, what of it is silenced, and what its receivers were told. docs/handbook.md
says of each alert what to do.

${SERVER_HELP}
  --json          print everything as JSON`,
  options: { ...SERVER_OPTIONS, json: { type: 'boolean' } },

  async run(values, positionals) {
    if (positionals.length > 0) return failUsage(`unexpected "${positionals[0]}"`, alerts.help);
    const reply = await askServerWilling<AlertReport>(values, { command: 'alerts' });
    if (!reply.ok) return reply.error;
    const text = alertLines(reply.value, Date.now());
    console.log(
      values['json'] === true
        ? JSON.stringify(reply.value)
        : text.length === 0
          ? 'nothing is wrong'
          : text.join('\n').trimStart(),
    );
    return EXIT.DONE;
  },
};

export const silence: Command = {
  help: `Usage: meridian silence ALERT --for TIME --reason TEXT [--author NAME] | --remove ALERT [--config FILE | --socket PATH] [--json]

Tells nobody of an alert for a time, at any server of the mesh; it is still shown. ALERT is a name, NAME/SUBJECT or a glob of these:
site-out/fra, 'pool-empty/*'. With --remove a silence ends at once, by its id or by what it silences.

  --for TIME      ends by itself after this time, 1m to 90d; needed
  --reason TEXT   why, for those who find it; needed
  --author NAME   who (default: your login name)
  --remove        ends a silence
${SERVER_HELP}
  --json          print what was done as JSON`,
  options: { ...ORDER_OPTIONS, remove: { type: 'boolean' } },

  async run(values, positionals) {
    const [what, ...extra] = positionals;
    if (what === undefined) return failUsage('the alert is missing', silence.help);
    if (extra.length > 0) return failUsage(`unexpected "${extra[0]}"`, silence.help);
    return values['remove'] === true ? remove(values, what) : make(values, what);
  },
};

async function make(values: OptionValues, what: string): Promise<number> {
  const terms = readTerms(values);
  if (!terms.ok) return failUsage(terms.error, silence.help);
  const { reason, author, forMs } = terms.value;
  if (forMs === null || forMs < LEAST_MS || forMs > LONGEST_MS) {
    return failUsage(`--for takes a time from 1m to 90d such as 2h, found "${values['for'] ?? 'nothing'}"`, silence.help);
  }
  const reply = await askServerWilling<Silence>(values, { command: 'silence', what, reason, author, forMs });
  if (!reply.ok) return reply.error;
  const { id } = reply.value;
  console.log(
    values['json'] === true
      ? JSON.stringify(reply.value)
      : `nobody is told of ${what} for ${values['for']}\nundo: meridian silence --remove ${id}`,
  );
  return EXIT.DONE;
}

async function remove(values: OptionValues, what: string): Promise<number> {
  const reply = await askServerWilling<readonly Silence[]>(values, { command: 'unsilence', what });
  if (!reply.ok) return reply.error;
  const ended = reply.value.map((one) => `people are told of ${one.what} again`).join('\n');
  console.log(values['json'] === true ? JSON.stringify(reply.value) : ended);
  return EXIT.DONE;
}
