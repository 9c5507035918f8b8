// `meridian import gdnsd DIR | route53 FILE... | octodns CONFIG | powerdns-lua ZONE...`: what another server was configured with, as zones and a meridian.yaml in a new directory,
// with a line for each thing that could not be carried over. What comes out is loaded as `serve` would, and the problems are told.

import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { isAbsolute, join, resolve, sep } from 'node:path';
import { hasErrors, type Problem } from '../../base/errors.ts';
import { reasonOf } from '../../base/file-reason.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { Draft } from '../../migrate/draft.ts';
import { failed } from '../../migrate/failed.ts';
import { importGdnsd } from '../../migrate/gdnsd.ts';
import { importPowerdns } from '../../migrate/powerdns.ts';
import { importRoute53 } from '../../migrate/route53.ts';
import { yamlText } from '../../migrate/yaml-text.ts';
import { load } from '../loading/load.ts';
import { count } from '../text/plain-text.ts';
import { shorterPath } from '../text/shorter-path.ts';
import { type Command, EXIT, failUsage, printProblems } from './args.ts';
import { fromOctodns } from './import-octodns.ts';

const HEADER = `# Made by "meridian import". What could not be carried over stands in import-report.txt beside this file.
# All keys: docs/reference/config.md. Check a change: meridian check --config meridian.yaml
`;
const REPORT = 'import-report.txt';
const MAX_FILE_OCTETS = 256 * 1024 * 1024;

export const importCommand: Command = {
  help: `Usage: meridian import FORMAT SOURCE... --out DIRECTORY

Writes zones and a meridian.yaml into a new or empty directory, and tells what could not be carried over, one line each; the same lines are
in ${REPORT} there. Exit code 0 if 'meridian check' accepts the result, 1 if it does not, 2 if the source cannot be read.

  gdnsd DIRECTORY    the configuration directory of gdnsd: its file 'config', 'zones/' and 'geoip/'
  route53 FILE...    the output of 'aws route53 list-resource-record-sets', one file for each hosted zone; health checks are read
                     from a file with the output of 'aws route53 list-health-checks' among them
  octodns CONFIG     the configuration file of octoDNS, which names the directories of its YamlProviders, or such a directory itself
  powerdns-lua ZONE...
                     zone files with LUA records, as 'pdnsutil list-zone' prints them
  --out DIRECTORY    where to write`,
  options: { out: { type: 'string' } },

  run(values, [format, ...sources]) {
    const out = values['out'];
    if (typeof out !== 'string') return usage('--out is missing');
    if (sources.length === 0) return usage('the source is missing');
    const read = FORMATS.get(format ?? '');
    if (read === undefined) return usage(`the format is ${[...FORMATS.keys()].join(', ')}, not ${format ?? 'nothing'}`);
    if (SINGLE.includes(format!) && sources.length > 1) return usage(`${format} has one source`);
    if (existsSync(out) && (!statSync(out).isDirectory() || readdirSync(out).length > 0))
      return usage(`${out} is there already, and is not an empty directory`);
    const draft = read(sources);
    if (!draft.ok) {
      printProblems([draft.error]);
      return Promise.resolve(EXIT.USAGE);
    }
    return Promise.resolve(write(draft.value, out));
  },
};

/** What each format reads from the sources on the command line. */
const FORMATS: ReadonlyMap<string, (sources: readonly string[]) => Result<Draft, Problem>> = new Map([
  ['gdnsd', ([directory]) => fromGdnsd(directory!)],
  ['route53', (files) => documentsOf(files, importRoute53)],
  ['octodns', ([source]) => fromOctodns(source!)],
  ['powerdns-lua', (files) => documentsOf(files, importPowerdns)],
]);
const SINGLE = ['gdnsd', 'octodns'];

const usage = (reason: string): Promise<number> => Promise.resolve(failUsage(reason, importCommand.help));

function fromGdnsd(directory: string): Result<Draft, Problem> {
  const zones = join(directory, 'zones');
  const zoneFiles = existsSync(zones)
    ? readdirSync(zones, { withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
        .map(({ name }) => name)
        .sort()
    : [];
  const draft = importGdnsd({ read: (path) => readText(isAbsolute(path) ? path : join(directory, path)), zoneFiles });
  if (draft.ok || draft.error.file === undefined) return draft;
  return err({ ...draft.error, file: join(directory, draft.error.file) });
}

function documentsOf(
  files: readonly string[],
  read: (documents: readonly { file: string; text: string }[]) => Result<Draft, Problem>,
): Result<Draft, Problem> {
  const documents: { file: string; text: string }[] = [];
  for (const file of files) {
    const text = readText(file);
    if (!text.ok) return failed(file, text.error);
    documents.push({ file, text: text.value });
  }
  return read(documents);
}

function readText(path: string): Result<string, string> {
  try {
    if (statSync(path).size > MAX_FILE_OCTETS) return err(`the file is larger than ${MAX_FILE_OCTETS} octets`);
    return ok(readFileSync(path, 'utf8'));
  } catch (error) {
    return err(`cannot be read: ${reasonOf(error)}`);
  }
}

function write(draft: Draft, out: string): number {
  const files = new Map<string, string>();
  for (const [zone, text] of draft.zones) files.set(zoneFile(zone), text);
  const settings = draft.toConfig();
  const odd = [...draft.zones.keys()].filter((zone) => zoneFile(zone) !== `${zone}.zone`);
  const zones = odd.length === 0 ? {} : { zones: { files: Object.fromEntries(odd.map((zone) => [zone, zoneFile(zone)])) } };
  files.set('meridian.yaml', HEADER + yamlText({ ...settings, ...zones }));
  files.set(REPORT, draft.losses.map((line) => `${line}\n`).join(''));
  mkdirSync(out, { recursive: true });
  for (const [name, text] of files) {
    const path = resolve(out, name);
    if (!path.startsWith(resolve(out) + sep)) throw new Error(`file name ${name} leaves the directory`);
    writeFileSync(path, text);
  }
  for (const line of draft.losses) console.log(`not carried over: ${line}`);
  const config = join(out, 'meridian.yaml');
  const { problems } = load(config);
  printProblems(problems);
  const { zones: imported, policies, pools } = draft;
  console.log(
    `${count(imported.size, 'zone')}, ${policies.size} policies, ${count(pools.size, 'pool')} written to ${shorterPath(out)}; ` +
      `${count(draft.losses.length, 'thing')} not carried over as it was`,
  );
  return hasErrors(problems) ? EXIT.FAILED : EXIT.DONE;
}

const zoneFile = (zone: string): string => `${zone.replaceAll('/', '@')}.zone`;
