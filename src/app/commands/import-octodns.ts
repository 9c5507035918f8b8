// Finds the zones of an octoDNS installation: its configuration file names providers of the class YamlProvider with a directory each, in
// which every zone is a file NAME.yaml; or such a directory is given itself.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import type { Problem } from '../../base/errors.ts';
import { reasonOf } from '../../base/file-reason.ts';
import { ok, type Result } from '../../base/result.ts';
import type { Draft } from '../../migrate/draft.ts';
import { failed } from '../../migrate/failed.ts';
import { type Fields, isFields, number, text } from '../../migrate/fields.ts';
import { importOctodns } from '../../migrate/octodns.ts';
import type { OctodnsZone } from '../../migrate/octodns-input.ts';

/** What octoDNS takes for records without a TTL, in seconds. */
const DEFAULT_TTL_SEC = 3600;
const PROVIDER = /(?:^|\.)YamlProvider$/;
const SPLIT_PROVIDER = /(?:^|\.)SplitYamlProvider$/;
const SUFFIX = '.yaml';

interface Provider {
  readonly directory: string;
  readonly defaultTtlSec: number;
}

export function fromOctodns(source: string): Result<Draft, Problem> {
  const setup = setupOf(source);
  if (!setup.ok) return setup;
  const providers = providersOf(source, setup.value);
  if (!providers.ok) return providers;
  const losses = lossesOf(setup.value);
  const zones: OctodnsZone[] = [];
  for (const { directory, defaultTtlSec } of providers.value) {
    for (const entry of readdirSync(directory).sort()) {
      const file = join(directory, entry);
      if (entry.endsWith('.') && statSync(file).isDirectory())
        losses.push(`${file}: a zone that is split over files is not read`);
      if (!entry.endsWith(SUFFIX) || file === resolve(source) || !statSync(file).isFile()) continue;
      const document = readYaml(file);
      if (!document.ok) return document;
      // The configuration itself may lie among the zones.
      if (isFields(document.value) && isFields(document.value['providers'])) continue;
      zones.push({ name: basename(entry, SUFFIX).replace(/\.$/, ''), file, document: document.value, defaultTtlSec });
    }
  }
  if (zones.length === 0)
    return failed(
      source,
      `there is no zone: no file *${SUFFIX} in ${providers.value.map(({ directory }) => directory).join(', ')}`,
    );
  const draft = importOctodns([...zones, ...aliasesOf(setup.value, zones)]);
  if (draft.ok) for (const loss of losses) draft.value.lose(source, loss);
  return draft;
}

/** The configuration file; nothing for a directory of zones. */
function setupOf(source: string): Result<Fields, Problem> {
  if (!existsSync(source)) return failed(source, 'cannot be read: there is no such file or directory');
  if (statSync(source).isDirectory()) return ok({});
  const document = readYaml(source);
  if (!document.ok) return document;
  return ok(isFields(document.value) ? document.value : {});
}

const section = (setup: Fields, name: string): readonly (readonly [string, Fields])[] =>
  Object.entries(isFields(setup[name]) ? setup[name] : {}).flatMap(([key, value]) =>
    isFields(value) ? [[key, value] as const] : [],
  );

/** Zones that have the records of another one. */
function aliasesOf(setup: Fields, zones: readonly OctodnsZone[]): readonly OctodnsZone[] {
  return section(setup, 'zones').flatMap(([name, { alias }]) => {
    const original = zones.find((zone) => `${zone.name}.` === text(alias));
    return original === undefined ? [] : [{ ...original, name: name.replace(/\.$/, '') }];
  });
}

/** What of the configuration file is not followed. */
function lossesOf(setup: Fields): string[] {
  const split = section(setup, 'providers').filter(([, provider]) => SPLIT_PROVIDER.test(text(provider['class']) ?? ''));
  const processed = [['manager', setup['manager']] as const, ...section(setup, 'zones')].filter(
    ([, each]) => isFields(each) && each['processors'] !== undefined,
  );
  return [
    ...split.map(([name]) => `the provider ${name} splits zones over files, which are not read`),
    ...processed.map(([name]) => `the processors of ${name} are not run; its records are taken as they stand in the files`),
  ];
}

function providersOf(source: string, setup: Fields): Result<readonly Provider[], Problem> {
  if (statSync(source).isDirectory()) return ok([{ directory: resolve(source), defaultTtlSec: DEFAULT_TTL_SEC }]);
  const found: Provider[] = [];
  const { providers } = setup;
  for (const [name, provider] of Object.entries(isFields(providers) ? providers : {})) {
    if (!isFields(provider) || !PROVIDER.test(text(provider['class']) ?? '')) continue;
    const directory = directoryOf(source, provider);
    if (directory === undefined)
      return failed(source, `the directory ${text(provider['directory']) ?? '(none)'} of the provider ${name} is not there`);
    found.push({ directory, defaultTtlSec: number(provider['default_ttl']) ?? DEFAULT_TTL_SEC });
  }
  return found.length > 0 ? ok(found) : failed(source, 'names no provider of the class octodns.provider.yaml.YamlProvider');
}

/** octoDNS is started anywhere, most often one directory above its configuration. */
function directoryOf(source: string, provider: Fields): string | undefined {
  const directory = text(provider['directory']);
  if (directory === undefined) return undefined;
  const home = dirname(resolve(source));
  const places = [resolve(home, directory), resolve(dirname(home), directory), resolve(directory)];
  return places.find((place) => existsSync(place) && statSync(place).isDirectory());
}

function readYaml(file: string): Result<unknown, Problem> {
  try {
    const document = parseDocument(readFileSync(file, 'utf8'), { logLevel: 'silent' });
    const [problem] = [...document.errors, ...document.warnings];
    if (problem === undefined) return ok(document.toJS({ maxAliasCount: 100 }) as unknown);
    const [place] = problem.linePos ?? [];
    const message = problem.message.split('\n')[0]!.replace(/ at line \d+, column \d+:$/, '');
    return failed(file, message, place === undefined ? {} : { line: place.line, column: place.col });
  } catch (error) {
    return failed(file, `cannot be read: ${reasonOf(error)}`);
  }
}
