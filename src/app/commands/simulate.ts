// `meridian simulate SCENARIO.yaml`: a simulated world of clients, resolvers and sites around the real steering code.

import { writeFileSync } from 'node:fs';
import { formatProblem, hasErrors } from '../../base/errors.ts';
import { reasonOf } from '../../base/file-reason.ts';
import { loadConfig } from '../../config/load.ts';
import { loadScenario } from '../../config/scenario.ts';
import { comparisonToText, ratios, simulate } from '../../sim/compare.ts';
import { loadOptimumSolver } from '../../sim/optimum.ts';
import { comparisonToHtml } from '../../sim/page.ts';
import { type Command, EXIT, failUsage, printProblems } from './args.ts';

export const simulateCommand: Command = {
  help: `Usage: meridian simulate SCENARIO.yaml [--compare] [--json] [--html FILE]

Lets clients of the whole world meet the sites of a configuration for a simulated time, while a scenario goes wrong for them,
and tells how much load each site got, how much of it went elsewhere than to its nearest site, and how far. Scenarios are in
zones/scenarios; docs/spillover.md describes them.

  --compare    also under the policies of others, and against the optimum (if the package highs is installed)
  --json       the figures as JSON
  --html FILE  a page with charts`,
  options: { compare: { type: 'boolean' }, json: { type: 'boolean' }, html: { type: 'string' } },

  async run(values, positionals) {
    const [file, ...extra] = positionals;
    if (file === undefined) return failUsage('a scenario is missing', simulateCommand.help);
    if (extra.length > 0) return failUsage(`unexpected "${extra[0]}"`, simulateCommand.help);
    const { scenario, problems } = loadScenario(file);
    if (scenario === undefined) {
      printProblems(problems);
      return EXIT.USAGE;
    }
    const { snapshot, problems: configProblems } = loadConfig(scenario.config);
    if (snapshot === undefined || hasErrors(configProblems)) {
      printProblems(configProblems);
      return EXIT.USAGE;
    }
    if (snapshot.steering.policies.length === 0) return failUsage(`${scenario.config} has no policy`, simulateCommand.help);
    const compares = values['compare'] === true;
    const solve = compares ? await loadOptimumSolver() : undefined;
    const comparison = simulate(scenario, snapshot.steering, compares ? 'all' : 'nothing', solve);
    if (values['json'] === true) {
      const { title, runs, bound } = comparison;
      console.log(
        JSON.stringify({ title, policies: runs.map(({ figures }) => figures), optimum: bound, ratios: ratios(comparison) }),
      );
    } else {
      console.log(comparisonToText(comparison));
      if (compares && solve === undefined) console.log('\nno optimum: the package highs is not installed');
    }
    const page = values['html'];
    if (typeof page === 'string') {
      try {
        writeFileSync(page, comparisonToHtml(comparison));
      } catch (error) {
        console.error(
          formatProblem({ severity: 'error', code: 'ERR_SIMULATE', message: `${page} cannot be written: ${reasonOf(error)}` }),
        );
        return EXIT.FAILED;
      }
    }
    return EXIT.DONE;
  },
};
