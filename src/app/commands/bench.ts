// `meridian bench`: a bounded load on a DNS server and how it bore it. The sending is left to dnsperf.

import { readFileSync, statSync } from 'node:fs';
import { formatProblem, type Problem } from '../../base/errors.ts';
import { reasonOf } from '../../base/file-reason.ts';
import { isLoopback } from '../../base/loopback.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { nameFromText } from '../../wire/name.ts';
import { TYPE, typeFromName } from '../../wire/rrtype.ts';
import { type Command, EXIT, failUsage, type OptionValues } from './args.ts';
import { LOST_AFTER_SEC, type LoadReport, type LoadRequest, runDnsperf } from './dnsperf.ts';
import { readServerAddress, SERVER_FORMS } from './server-address.ts';

const DEFAULT_PER_SECOND = 1000;
const DEFAULT_SECONDS = 10;
const MAX_PER_SECOND = 1_000_000;
const MAX_SECONDS = 3600;
const MAX_FILE_SIZE = 64 * 1024 * 1024;

export const bench: Command = {
  help: `Usage: meridian bench SERVER [NAME ...] [--names FILE] [--type TYPE] [--rate N] [--seconds N] [--tcp] [--mine]
                     [--json]

Asks a DNS server at a fixed rate and tells how many queries it answered, how, and how fast. SERVER is a numeric
${SERVER_FORMS}. It needs dnsperf (Debian package dnsperf).

  NAME ...       asked in turn (default: the root)
  --names FILE   more names, one a line, each with a type of its own if one follows; lines that begin with ; are comments
  --type TYPE    record type of names without their own (default A)
  --port N       port, if SERVER has none (default 53)
  --rate N       queries a second, up to ${MAX_PER_SECOND} (default ${DEFAULT_PER_SECOND})
  --seconds N    up to ${MAX_SECONDS} (default ${DEFAULT_SECONDS})
  --tcp          over one TCP connection instead of UDP
  --mine         SERVER is yours: without this only addresses of loopback are asked
  --json         print the figures as JSON

A query is lost if no reply comes within ${LOST_AFTER_SEC} s, and counts as endless in the latencies. Exit code 0 if any reply came,
1 if none.`,
  options: {
    names: { type: 'string' },
    type: { type: 'string' },
    port: { type: 'string' },
    rate: { type: 'string' },
    seconds: { type: 'string' },
    tcp: { type: 'boolean' },
    mine: { type: 'boolean' },
    json: { type: 'boolean' },
  },

  async run(values, positionals) {
    const request = readRequest(values, positionals);
    if (typeof request === 'string') return failUsage(request, bench.help);
    if (!request.ok) {
      console.error(formatProblem(request.error));
      return EXIT.USAGE;
    }
    const report = await runDnsperf(request.value);
    if (!report.ok) {
      console.error(formatProblem(report.error));
      return EXIT.FAILED;
    }
    console.log(
      values['json'] === true ? JSON.stringify({ ...facts(request.value), ...report.value }) : text(request.value, report.value),
    );
    return report.value.answered > 0 ? EXIT.DONE : EXIT.FAILED;
  },
};

const facts = ({ server, port, isTcp, perSecond, seconds }: LoadRequest) => ({
  server,
  port,
  transport: isTcp ? 'tcp' : 'udp',
  perSecond,
  seconds,
});

/** What to ask whom; a sentence on what is wrong with the command line, or the problem of a file. */
function readRequest(values: OptionValues, positionals: readonly string[]): string | Result<LoadRequest, Problem> {
  const [serverText, ...names] = positionals;
  if (serverText === undefined) return 'a server is missing';
  const address = readServerAddress(serverText.replace(/^@/, ''));
  if (address === undefined) return `"${serverText}" is not a server; write ${SERVER_FORMS}`;
  if (!isLoopback(address.server) && values['mine'] !== true) {
    return `${address.server} is not an address of loopback: a load that leaves this machine is for a server of your own, which you tell by --mine`;
  }
  const port = readNumber(values, 'port', address.port, 1, 0xffff);
  const perSecond = readNumber(values, 'rate', DEFAULT_PER_SECOND, 1, MAX_PER_SECOND);
  const seconds = readNumber(values, 'seconds', DEFAULT_SECONDS, 1, MAX_SECONDS);
  for (const number of [port, perSecond, seconds]) if (typeof number === 'string') return number;
  const type = String(values['type'] ?? 'A');

  const lines: string[] = [];
  for (const name of names) {
    const line = queryLine(name, type);
    if (typeof line !== 'string') return line.complaint;
    lines.push(line);
  }
  const file = values['names'];
  if (typeof file === 'string') {
    const read = readNames(file, type);
    if (!read.ok) return read;
    lines.push(...read.value);
  } else if (lines.length === 0) {
    const line = queryLine('.', type);
    if (typeof line !== 'string') return line.complaint;
    lines.push(line);
  }
  return ok({
    server: address.server,
    port: port as number,
    isTcp: values['tcp'] === true,
    queries: `${lines.join('\n')}\n`,
    perSecond: perSecond as number,
    seconds: seconds as number,
  });
}

function readNumber(values: OptionValues, name: string, fallback: number, least: number, most: number): number | string {
  const found = values[name];
  if (found === undefined) return fallback;
  const value = /^\d+$/.test(String(found)) ? Number(found) : Number.NaN;
  return value >= least && value <= most ? value : `--${name} takes a whole number from ${least} to ${most}, found "${found}"`;
}

/** A line as dnsperf reads it, or what is wrong with it. */
function queryLine(nameText: string, typeText: string): string | { readonly complaint: string } {
  const name = nameFromText(nameText);
  if (typeof name === 'string') return { complaint: name };
  const type = typeFromName(typeText);
  if (type === undefined || type === TYPE.GSLB) return { complaint: `"${typeText}" is not a record type` };
  return `${nameText} ${typeText.toUpperCase()}`;
}

function readNames(file: string, type: string): Result<string[], Problem> {
  const problem = (message: string, line?: number): Result<never, Problem> =>
    err({ severity: 'error', code: 'ERR_USAGE', message, file, ...(line === undefined ? {} : { line }) });
  let content: string;
  try {
    const { size } = statSync(file);
    if (size > MAX_FILE_SIZE) return problem(`a file of names has at most ${MAX_FILE_SIZE} octets, this one ${size}`);
    content = readFileSync(file, 'utf8');
  } catch (error) {
    return problem(`cannot be read: ${reasonOf(error)}`);
  }
  const lines: string[] = [];
  for (const [i, line] of content.split('\n').entries()) {
    const [name, ownType = type, ...extra] = line.trim().split(/\s+/);
    if (name === undefined || name === '' || name.startsWith(';')) continue;
    if (extra.length > 0) return problem(`unexpected "${extra[0]}"; a line is NAME or NAME TYPE`, i + 1);
    const query = queryLine(name, ownType);
    if (typeof query !== 'string') return problem(query.complaint, i + 1);
    lines.push(query);
  }
  return lines.length === 0 ? problem('holds no name') : ok(lines);
}

function text(request: LoadRequest, report: LoadReport): string {
  const { server, port, transport } = facts(request);
  const share = report.sent === 0 ? 0 : (report.answered / report.sent) * 100;
  const rcodes = Object.entries(report.rcodes).map(([name, count]) => `${name} ${count}`);
  const { p50, p90, p99, p999, max } = report.latencyMs;
  const ms = (value: number | null): string => (value === null ? 'lost' : `${value.toFixed(3)} ms`);
  return [
    `server    ${server} port ${port} over ${transport}, ${request.perSecond} queries a second for ${request.seconds} s (${report.tool})`,
    `answered  ${report.answered} of ${report.sent} (${share.toFixed(2)} %)`,
    `lost      ${report.lost}`,
    `rcodes    ${rcodes.join(', ') || 'none'}`,
    `latency   p50 ${ms(p50)}, p90 ${ms(p90)}, p99 ${ms(p99)}, p99.9 ${ms(p999)}, max ${ms(max)}`,
  ].join('\n');
}
