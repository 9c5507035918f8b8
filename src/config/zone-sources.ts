// Which zones the `zones` section stands for: the files it names, and the *.zone files of its directory.

import { readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Problem } from '../base/errors.ts';
import { reasonOf } from '../base/file-reason.ts';
import type { ZoneSource } from '../model/snapshot.ts';
import { nameFromText, nameToText } from '../wire/name.ts';
import { missingFile } from './files.ts';
import type { ZonesConfig } from './server-schema.ts';
import type { Path, YamlSource } from './yaml.ts';

const SUFFIX = '.zone';

export function findZones(source: YamlSource, zones: ZonesConfig): { zones: ZoneSource[]; problems: Problem[] } {
  const base = dirname(resolve(source.file));
  const problems: Problem[] = [];
  const found = new Map<string, ZoneSource>();
  const withoutEcs = new Set(zones.ignoreEcs.map(zoneKey));
  const add = (origin: string, file: string, path: Path, at: 'key' | 'value'): void => {
    const name = nameFromText(origin);
    if (typeof name === 'string') {
      problems.push(source.problem(path, at, 'ERR_CONFIG_VALUE', `${file} is not called after a zone: ${name}`));
      return;
    }
    const key = zoneKey(origin);
    const other = found.get(key);
    if (other === undefined) found.set(key, { origin: name, file, usesEcs: !withoutEcs.has(key) });
    else
      problems.push(source.problem(path, at, 'ERR_CONFIG_DUPLICATE', `zone ${key} is given twice, as ${other.file} and ${file}`));
  };
  for (const [origin, file] of Object.entries(zones.files)) {
    const path = ['zones', 'files', origin];
    const absolute = resolve(base, file);
    problems.push(...missingFile(source, path, absolute));
    add(origin, absolute, path, 'key');
  }
  if (zones.directory !== 'none') {
    const directory = resolve(base, zones.directory);
    const named = new Set([...found.values()].map((zone) => zone.file));
    for (const file of zoneFilesIn(source, directory, problems)) {
      const whole = join(directory, file);
      if (!named.has(whole)) add(file.slice(0, -SUFFIX.length), whole, ['zones', 'directory'], 'value');
    }
  }
  for (const [i, origin] of zones.ignoreEcs.entries()) {
    if (found.has(zoneKey(origin))) continue;
    const message = `zones.ignoreEcs names the zone ${origin}, which is not served`;
    problems.push(source.problem(['zones', 'ignoreEcs', i], 'value', 'ERR_CONFIG_REFERENCE', message));
  }
  if (found.size === 0 && problems.length === 0) {
    problems.push(source.problem(['zones'], 'key', 'ERR_CONFIG_MISSING', 'there is no zone to serve', 'warning'));
  }
  return { zones: [...found.values()], problems };
}

/** One text for each name, however it is written. */
const zoneKey = (origin: string): string => nameToText(nameFromText(origin) as Uint8Array).toLowerCase();

function zoneFilesIn(source: YamlSource, directory: string, problems: Problem[]): string[] {
  try {
    return readdirSync(directory)
      .filter((file) => file.endsWith(SUFFIX) && !file.startsWith('.'))
      .sort();
  } catch (error) {
    const message = `zones.directory ${directory} cannot be read: ${reasonOf(error)}`;
    problems.push(source.problem(['zones', 'directory'], 'value', 'ERR_CONFIG_REFERENCE', message));
    return [];
  }
}
