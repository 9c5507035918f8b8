// Writes the generated pages of docs/reference/: config.md from the schemas, errors.md from the catalogue of errors, metrics.md from
// the lists of counters, gauges and histograms.
// With --check writes nothing and exits with 1 if a page is out of date.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ERRORS } from '../base/errors.ts';
import { configReference } from '../config/reference.ts';
import { COUNTER_FACTS } from '../metrics/counters.ts';
import { GAUGES, type GaugeFacts, HISTOGRAMS, TALLIES } from '../metrics/gauges.ts';

const ERRORS_HEAD = `<!-- Generated from src/base/errors.ts by \`npm run docs:gen\`. Do not edit. -->

# Errors and warnings

Every complaint is one line: \`file:line:column: error CODE: what is wrong, what is allowed, what was found\`. A warning has
\`warning\` in place of \`error\` and stops nothing. Any error keeps a server from starting and a reload from changing anything;
commands then end with exit code 2. A code keeps its meaning for ever.
`;

/** Chapters by the beginning of the code; what fits none is about running. */
const CHAPTERS: readonly (readonly [prefix: string, title: string])[] = [
  ['ERR_ZONE_', 'Zone files'],
  ['ERR_CONFIG_', 'Configuration'],
  ['ERR_GEO_', 'Geography'],
  ['ERR_', 'Running'],
];

function errorReference(): string {
  const rest = new Map<string, string>(Object.entries(ERRORS));
  let page = ERRORS_HEAD;
  for (const [prefix, title] of CHAPTERS) {
    page += `\n## ${title}\n\n| code | meaning |\n| --- | --- |\n`;
    for (const [code, meaning] of rest) {
      if (!code.startsWith(prefix)) continue;
      page += `| \`${code}\` | ${meaning} |\n`;
      rest.delete(code);
    }
  }
  return page;
}

const METRICS_HEAD = `<!-- Generated from src/metrics/ by \`npm run docs:gen\`. Do not edit. -->

# Metrics

What \`/metrics\` of the admin API shows ([admin.md](../admin.md)), as Prometheus text. Besides these, prom-client adds what it knows of the
process (\`process_*\`) and of Node (\`nodejs_*\`); the delay of the event loop there is that of the control thread, which answers no
queries.
`;

function metricsReference(): string {
  const counters = new Map<string, { labels: string[]; help: string }>();
  for (const { metric, labels, help } of Object.values(COUNTER_FACTS)) {
    const known = counters.get(metric) ?? { labels: [], help };
    counters.set(metric, { labels: labels === '' ? [] : [...known.labels, labels], help });
  }
  const table = (title: string, rows: readonly string[]): string =>
    `\n## ${title}\n\n| metric | labels | meaning |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
  const code = (words: readonly string[]): string => words.map((word) => `\`${word}\``).join(', ');
  const counterRows = [...counters].map(([metric, { labels, help }]) => `| \`${metric}\` | ${code(labels)} | ${help} |`);
  const row = ({ metric, labels, help }: GaugeFacts): string => `| \`${metric}\` | ${code(labels)} | ${help} |`;
  const gaugeRows = Object.values(GAUGES).map(row);
  counterRows.push(...Object.values(TALLIES).map(row));
  const histogramRows = Object.values(HISTOGRAMS).map(row);
  return `${METRICS_HEAD}${table('Counters', counterRows)}${table('Gauges', gaugeRows)}${table('Histograms', histogramRows)}`;
}

const directory = new URL('../../../docs/reference/', import.meta.url); // from dist/src/app/
const isCheck = process.argv.includes('--check');
mkdirSync(directory, { recursive: true });
for (const [name, page] of [
  ['config.md', configReference()],
  ['errors.md', errorReference()],
  ['metrics.md', metricsReference()],
] as const) {
  const file = fileURLToPath(new URL(name, directory));
  if (!isCheck) writeFileSync(file, page);
  else if (readIfPresent(file) !== page) {
    console.error(`docs/reference/${name} is out of date; run: npm run docs:gen`);
    process.exitCode = 1;
  }
}

function readIfPresent(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
