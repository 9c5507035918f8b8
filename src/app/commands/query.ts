// `meridian query`: asks any DNS server one question and shows the reply, with what matters to steering: ECS and its scope.

import { randomInt } from 'node:crypto';
import { parseCidr } from '../../base/address.ts';
import { formatProblem } from '../../base/errors.ts';
import { ask } from '../../client/dns-client.ts';
import { OPTION } from '../../wire/constants.ts';
import { encodeEcs } from '../../wire/ecs-option.ts';
import { decodeMessage, encodeQuery } from '../../wire/message.ts';
import type { EdnsOption } from '../../wire/message-types.ts';
import { nameFromText } from '../../wire/name.ts';
import { TYPE, typeFromName } from '../../wire/rrtype.ts';
import { messageToJson, messageToShortText, messageToText, rcodeName } from '../text/message-text.ts';
import { type Command, EXIT, failUsage, type OptionValues } from './args.ts';
import { readServerAddress } from './server-address.ts';

const DEFAULT_SERVER = '127.0.0.1:5053';
const DEFAULT_TIMEOUT_SEC = 3;
const UDP_PAYLOAD_SIZE = 1232;

export const query: Command = {
  help: `Usage: meridian query NAME [TYPE] [@SERVER[:PORT]] [--subnet NETWORK] [--tcp] [--timeout SECONDS] [--short | --json]

Asks a DNS server. TYPE is A unless given, SERVER a numeric address (default ${DEFAULT_SERVER}; an IPv6 address with a port
is written [ADDRESS]:PORT; the port is 53 unless given).

  --subnet NETWORK   sends an EDNS client subnet: an address or ADDRESS/LENGTH
  --tcp              asks over TCP; otherwise UDP, and TCP only for a truncated reply
  --no-edns          sends no EDNS
  --timeout SECONDS  for everything together (default ${DEFAULT_TIMEOUT_SEC})
  --short            prints the data of the answers and nothing else, a record a line
  --json             prints the reply as JSON

Exit code 0 if a reply came, whatever it says; 1 if none did.`,
  options: {
    subnet: { type: 'string' },
    tcp: { type: 'boolean' },
    'no-edns': { type: 'boolean' },
    timeout: { type: 'string' },
    short: { type: 'boolean' },
    json: { type: 'boolean' },
  },

  async run(values, positionals) {
    const target = readQuestion(values, positionals);
    if (typeof target === 'string') return failUsage(target, query.help);
    const startMs = performance.now();
    const reply = await ask(target);
    if (!reply.ok) {
      console.error(formatProblem(reply.error));
      return EXIT.FAILED;
    }
    const message = decodeMessage(reply.value.octets);
    if (typeof message === 'string') {
      console.error(
        formatProblem({ severity: 'error', code: 'ERR_QUERY', message: `the reply is not a DNS message: ${message}` }),
      );
      return EXIT.FAILED;
    }
    if (values['json'] === true) console.log(JSON.stringify(messageToJson(message)));
    else if (values['short'] === true) {
      if (message.answers.length > 0) console.log(messageToShortText(message));
      else console.error(`no answer: ${rcodeName(message.rcode)}`);
    } else {
      console.log(messageToText(message));
      const tookMs = (performance.now() - startMs).toFixed(1);
      console.log(
        `;; ${reply.value.octets.length} octets from ${target.server} port ${target.port} over ${reply.value.transport} in ${tookMs} ms`,
      );
    }
    return EXIT.DONE;
  },
};

/** What to ask whom, or a sentence on what is wrong with the command line. */
function readQuestion(values: OptionValues, positionals: readonly string[]): Parameters<typeof ask>[0] | string {
  const servers = positionals.filter((word) => word.startsWith('@'));
  const [nameText, typeText = 'A', ...extra] = positionals.filter((word) => !word.startsWith('@'));
  if (nameText === undefined) return 'a name to ask for is missing';
  if (extra.length > 0 || servers.length > 1) return `unexpected "${extra[0] ?? servers[1]}"`;
  const name = nameFromText(nameText);
  if (typeof name === 'string') return name;
  const type = typeFromName(typeText);
  if (type === undefined || type === TYPE.GSLB) return `"${typeText}" is not a record type`;
  const server = readServerAddress(servers[0]?.slice(1) ?? DEFAULT_SERVER);
  if (server === undefined) return `"${servers[0]}" is not @ADDRESS, @ADDRESS:PORT or @[ADDRESS]:PORT`;
  const timeoutSec = Number(values['timeout'] ?? DEFAULT_TIMEOUT_SEC);
  if (!(timeoutSec > 0 && timeoutSec <= 60)) return `--timeout takes seconds above 0 and up to 60, found "${values['timeout']}"`;

  const options: EdnsOption[] = [];
  const subnet = values['subnet'];
  if (typeof subnet === 'string') {
    const network = parseCidr(subnet);
    if (network === undefined)
      return `--subnet takes an address or ADDRESS/LENGTH without bits beyond the length, found "${subnet}"`;
    options.push({ code: OPTION.ECS, data: encodeEcs(network) });
  }
  if (values['no-edns'] === true && options.length > 0) return '--subnet needs EDNS';
  if (values['short'] === true && values['json'] === true) return '--short and --json exclude one another';
  return {
    ...server,
    query: encodeQuery({
      id: randomInt(0x10000),
      name,
      type,
      flags: { rd: false, ad: false, cd: false },
      ...(values['no-edns'] === true ? {} : { edns: { udpPayloadSize: UDP_PAYLOAD_SIZE, dnssecOk: false, options } }),
    }),
    transport: values['tcp'] === true ? 'tcp' : 'udp',
    timeoutMs: timeoutSec * 1000,
    retryTruncated: true,
  };
}
