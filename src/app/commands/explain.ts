// `meridian explain NAME --client IP`: where the client is, what the policy considered, and the answer. Asks the running server;
// without one, reads the files itself and says so.

import { formatProblem, type Problem } from '../../base/errors.ts';
import type { Result } from '../../base/result.ts';
import { loadConfig } from '../../config/load.ts';
import { EVERYTHING_UP } from '../../model/health.ts';
import { explanationToText } from '../../steering/explain.ts';
import { imagesOf } from '../answering/image-feed.ts';
import { spillLines } from '../capacity/capacity-text.ts';
import { load } from '../loading/load.ts';
import { askControl } from '../process/control.ts';
import { type Command, DEFAULT_CONFIG, EXIT, failUsage, type OptionValues, printProblems } from './args.ts';
import { type ExplainReport, type ExplainRequest, explainAnswer, type MemberChange } from './explain-answer.ts';

export const explainCommand: Command = {
  help: `Usage: meridian explain NAME --client ADDRESS [--type TYPE] [--config FILE] [--offline] [--json]

Tells why a client gets the answer it gets: its place and who says so, its cell and the scope that is announced, each node
of the policy with what it kept and why, every member's share, and the answer. NAME may lack its final dot.

  --client ADDRESS  the client, or its network as ADDRESS/LENGTH
  --type TYPE       record type asked for (default A)
  --config FILE     configuration (default ${DEFAULT_CONFIG})
  --offline         from the files, even if a server is running
  --json            print everything as JSON`,
  options: {
    client: { type: 'string' },
    type: { type: 'string' },
    config: { type: 'string' },
    offline: { type: 'boolean' },
    json: { type: 'boolean' },
  },

  async run(values, positionals) {
    const [name, ...extra] = positionals;
    const client = values['client'];
    if (name === undefined) return failUsage('a name is missing', explainCommand.help);
    if (extra.length > 0) return failUsage(`unexpected "${extra[0]}"`, explainCommand.help);
    if (typeof client !== 'string') return failUsage('--client is missing', explainCommand.help);
    const request = { name, client, type: String(values['type'] ?? 'A') };

    const running = values['offline'] === true ? undefined : await askServer(values, request);
    if (running?.kind === 'refused') return fail(running.problem);
    let report: ExplainReport;
    if (running?.kind === 'report') report = running.report;
    else {
      const made = fromFiles(String(values['config'] ?? DEFAULT_CONFIG), request);
      if ('problems' in made) {
        printProblems(made.problems);
        return EXIT.USAGE;
      }
      if (!made.result.ok) return fail(made.result.error);
      report = made.result.value;
      if (values['json'] !== true) console.log('(no running server was asked: this is what the files say)\n');
    }
    console.log(values['json'] === true ? JSON.stringify(report) : reportToText(report));
    return EXIT.DONE;
  },
};

function fail(problem: Problem): number {
  console.error(formatProblem(problem));
  return problem.code === 'ERR_USAGE' ? EXIT.USAGE : EXIT.FAILED;
}

type FromServer = { kind: 'report'; report: ExplainReport } | { kind: 'refused'; problem: Problem };

/** Undefined if no server runs on this configuration. */
async function askServer(values: OptionValues, request: ExplainRequest): Promise<FromServer | undefined> {
  const { snapshot } = loadConfig(String(values['config'] ?? DEFAULT_CONFIG), 'health');
  if (snapshot === undefined) return undefined; // the files will tell what is wrong with them
  const reply = await askControl<ExplainReport | { problem: Problem }>(snapshot.server.controlSocket, {
    command: 'explain',
    ...request,
  });
  if (!reply.ok) return undefined;
  return 'problem' in reply.value ? { kind: 'refused', problem: reply.value.problem } : { kind: 'report', report: reply.value };
}

function fromFiles(
  configFile: string,
  request: ExplainRequest,
): { result: Result<ExplainReport, Problem> } | { problems: readonly Problem[] } {
  const { loaded, problems } = load(configFile);
  if (loaded === undefined) return { problems };
  return { result: explainAnswer(loaded, imagesOf(loaded, 1), EVERYTHING_UP, request) };
}

function changeLine({ member, change, isUp, atMs, answeredMs }: MemberChange, isFirst: boolean): string {
  const answered = answeredMs === null ? 'answers do not follow it' : `in all answers ${answeredMs - atMs} ms later`;
  const head = isFirst ? 'changes  ' : '         ';
  return `${head}${member} ${isUp ? 'up' : 'down'} at ${new Date(atMs).toISOString()}, ${answered}: ${change}`;
}

function reportToText(report: ExplainReport): string {
  const { name, type, client, evidence, cell, network, zone, steered, steering } = report;
  const lines = [`${name} ${type} for ${client}`, ''];
  for (const [i, line] of evidence.entries()) lines.push(`${i === 0 ? 'place    ' : '         '}${line}`);
  if (evidence.length === 0) lines.push('place    no database or network map knows this client');
  lines.push(`cell     ${cell}, all of ${network}`);
  lines.push(`zone     ${zone ?? 'none: this server is not responsible for the name'}`);
  if (steering !== null) {
    lines.push(`record   ${steered} GSLB ${steering.policy}`, '', explanationToText(steering).trimEnd());
    if (report.spill !== null) lines.push('', ...spillLines(report.spill, report.nowMs));
  } else if (zone !== null) lines.push('record   no GSLB record decides this answer: it is the same for every client');
  lines.push(
    '',
    `reply    ${report.rcode}${report.scopePrefixLen === null ? '' : `, announced scope /${report.scopePrefixLen}`}`,
  );
  for (const record of [...report.answers, ...report.authorities]) lines.push(`         ${record}`);
  for (const [i, change] of report.changes.entries()) lines.push(...(i === 0 ? [''] : []), changeLine(change, i === 0));
  return lines.join('\n');
}
