// `meridian token new`: a token for the admin API, shown once, and the lines of the configuration that let it in.

import { newToken } from '../../admin/token.ts';
import { ADMIN_ROLES } from '../../model/admin.ts';
import { type Command, EXIT, failUsage } from './args.ts';

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;

export const token: Command = {
  help: `Usage: meridian token new --role ROLE [--name NAME] [--json]

Makes a token for the admin API and prints it, once: it is kept nowhere. Put the lines that are printed with it into the
configuration, under admin.tokens, and reload. To replace a token: add the new one, hand it out, remove the old one.

  --role ROLE   viewer reads; operator also gives orders and reloads; admin may also break a safety rule
  --name NAME   whose it is: stands in the audit and beside orders (default: the role)
  --json        print { token, hash, role, name } as JSON`,
  options: { role: { type: 'string' }, name: { type: 'string' }, json: { type: 'boolean' } },

  async run(values, positionals) {
    const [action, ...extra] = positionals;
    if (action !== 'new') return failUsage(action === undefined ? 'new is missing' : `"${action}" is not new`, token.help);
    if (extra.length > 0) return failUsage(`unexpected "${extra[0]}"`, token.help);
    const role = ADMIN_ROLES.find((known) => known === values['role']);
    if (role === undefined)
      return failUsage(`--role takes one of ${ADMIN_ROLES.join(', ')}, found "${values['role'] ?? ''}"`, token.help);
    const name = String(values['name'] ?? role);
    if (!NAME.test(name)) return failUsage(`--name takes at most 63 letters, digits, "-" and "_", found "${name}"`, token.help);
    const made = newToken();
    if (values['json'] === true) console.log(JSON.stringify({ ...made, role, name }));
    else {
      console.log(made.token);
      console.error(`\nadmin:\n  tokens:\n    ${name}: { role: ${role}, hash: "${made.hash}" }`);
    }
    return EXIT.DONE;
  },
};
