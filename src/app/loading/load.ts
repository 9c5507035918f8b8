// Everything on disk to everything the server answers from: configuration, zones, databases, maps. All errors of all files are
// collected; with any of them there is no result. What did not change since the previous load is taken over as it is.

import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { hasErrors, type Problem } from '../../base/errors.ts';
import { areUnchanged, type FileStamp } from '../../config/files.ts';
import { checkGslbUses, type GslbUse } from '../../config/gslb-uses.ts';
import { loadConfig } from '../../config/load.ts';
import { loadZone } from '../../config/zone-files.ts';
import { compileGeo } from '../../geo/compile.ts';
import type { DatabaseSummary } from '../../geo/mmdb.ts';
import { compareWithPrevious, openGeo } from '../../geo/open.ts';
import type { Snapshot, ZoneSource } from '../../model/snapshot.ts';
import type { SteeringModel } from '../../model/steering.ts';
import { type CellTable, Classifier } from '../../steering/classes.ts';
import { checkSerial } from '../../transfer/serial-check.ts';
import { compileZone } from '../../zone/compile.ts';
import { ZoneImage } from '../../zone/image.ts';
import { cookieSecretsOf } from '../answering/cookie-secrets.ts';
import { geographyFiles } from './geography-files.ts';

export interface LoadedZone {
  /** Absolute wire name of the apex. */
  readonly origin: Uint8Array;
  readonly files: readonly FileStamp[];
  readonly gslbUses: readonly GslbUse[];
  /** Warnings that its files gave. */
  readonly warnings: readonly Problem[];
  readonly buffer: SharedArrayBuffer;
}

export interface LoadedGeography {
  /** Hash of the configuration that the cells were made for, and the state of the files that the trie was made from. */
  readonly configHash: string;
  readonly filesKey: string;
  readonly buffer: SharedArrayBuffer;
  readonly table: CellTable;
  readonly cells: number;
  /** Of the databases in order, to judge their successors by. */
  readonly summaries: readonly { readonly file: string; readonly summary: DatabaseSummary }[];
}

/** One complete load. Plain data and shared memory: it travels between threads. */
export interface Loaded {
  readonly snapshot: Snapshot;
  readonly zones: readonly LoadedZone[];
  readonly geography: LoadedGeography;
  /** 16 octets each, the one that signs first; empty if cookies are off. */
  readonly cookieSecrets: readonly Uint8Array[];
}

export interface LoadResult {
  /** Absent if there is any error. */
  readonly loaded?: Loaded;
  readonly problems: readonly Problem[];
  /** What was taken over from the previous load. (Identity of the images would not tell: it is lost between threads.) */
  readonly zonesKept: number;
  readonly isGeographyKept: boolean;
}

/** Reads what `configFile` names. Expected failures are problems; throws only for bugs. */
export function load(configFile: string, previous?: Loaded): LoadResult {
  const { snapshot, problems: configProblems, ifUnused } = loadConfig(configFile);
  if (snapshot === undefined) return { problems: configProblems, zonesKept: 0, isGeographyKept: false };
  const problems = [...configProblems];

  const zones: LoadedZone[] = [];
  for (const source of snapshot.zones) {
    const { zone, problems: zoneProblems } = loadOne(source, snapshot.steering, previous);
    problems.push(...zoneProblems);
    if (zone !== undefined) zones.push(zone);
  }
  const used = new Set(zones.flatMap((zone) => zone.gslbUses.map((use) => use.policy)));
  if (!hasErrors(problems)) problems.push(...[...ifUnused].filter(([policy]) => !used.has(policy)).map(([, problem]) => problem));
  const geography = loadGeography(snapshot, hashOf(snapshot.file), previous?.geography);
  problems.push(...geography.problems);
  const secrets = cookieSecretsOf(snapshot, previous);
  if (!secrets.ok) problems.push(...secrets.error);
  const kept = {
    zonesKept: zones.filter((zone) => previous?.zones.includes(zone)).length,
    isGeographyKept: geography.loaded !== undefined && geography.loaded === previous?.geography,
  };
  if (hasErrors(problems) || geography.loaded === undefined || !secrets.ok) return { problems, ...kept };
  return { loaded: { snapshot, zones, geography: geography.loaded, cookieSecrets: secrets.value }, problems, ...kept };
}

/** Reads the databases and maps again, and nothing else: a zone or configuration that is being edited stays unread. */
export function loadGeographyOnly(previous: Loaded): LoadResult {
  const { snapshot, zones } = previous;
  const { loaded, problems } = loadGeography(snapshot, previous.geography.configHash, previous.geography);
  const kept = { zonesKept: zones.length, isGeographyKept: loaded === previous.geography };
  return { ...(loaded === undefined ? {} : { loaded: { ...previous, geography: loaded } }), problems, ...kept };
}

/** Reads one zone again, and nothing else. `origin` is that of a zone of the load before. */
export function loadZoneOnly(previous: Loaded, origin: Uint8Array): LoadResult {
  const { snapshot } = previous;
  const index = snapshot.zones.findIndex((source) => Buffer.compare(source.origin, origin) === 0);
  const others = previous.zones.filter((_, i) => i !== index);
  const { zone, problems } = loadOne(snapshot.zones[index]!, snapshot.steering, previous);
  const kept = { zonesKept: others.length, isGeographyKept: true };
  if (zone === undefined || hasErrors(problems)) return { problems, ...kept };
  return { loaded: { ...previous, zones: previous.zones.with(index, zone) }, problems, ...kept };
}

function loadOne(
  source: ZoneSource,
  model: SteeringModel,
  previous: Loaded | undefined,
): { zone?: LoadedZone; problems: readonly Problem[] } {
  const known = previous?.zones.find(
    (zone) => zone.files[0]?.file === source.file && Buffer.compare(zone.origin, source.origin) === 0,
  );
  if (known !== undefined && areUnchanged(known.files)) {
    return { zone: known, problems: [...known.warnings, ...checkGslbUses(known.gslbUses, model)] };
  }
  const { records, problems, files, gslbUses } = loadZone(source, model);
  if (records === undefined) return { problems };
  const buffer = compileZone(records);
  const zone = { origin: source.origin, files, gslbUses, warnings: problems, buffer };
  const before = previous?.zones.find(({ origin }) => Buffer.compare(origin, source.origin) === 0);
  const warning = before && checkSerial(new ZoneImage(before.buffer), new ZoneImage(buffer), source.file);
  return { zone, problems: warning === undefined ? problems : [...problems, warning] };
}

function loadGeography(
  snapshot: Snapshot,
  configHash: string,
  previous: LoadedGeography | undefined,
): { loaded?: LoadedGeography; problems: readonly Problem[] } {
  const filesKey = geographyFiles(snapshot.geo).map(stateOf).join('\n');
  if (previous?.configHash === configHash && previous.filesKey === filesKey) return { loaded: previous, problems: [] };
  const { databases, networkMaps, problems } = openGeo(snapshot.geo);
  const summaries = databases.map(({ file, summary }) => ({ file, summary }));
  for (const { file, summary } of summaries) {
    const before = previous?.summaries.find((old) => old.file === file);
    const suspicion = before === undefined ? undefined : compareWithPrevious(file, summary, before.summary);
    if (suspicion !== undefined) problems.push(suspicion);
  }
  if (hasErrors(problems)) return { problems };
  const classifier = new Classifier(snapshot.steering);
  const { buffer } = compileGeo({
    databases,
    networkMaps,
    networks: classifier.networks,
    cellOf: (place) => classifier.cellOf(place),
  });
  const table = classifier.table();
  return { loaded: { configHash, filesKey, buffer, table, cells: table.places.length, summaries }, problems };
}

const hashOf = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

function stateOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return `${file} ${stat?.ino} ${stat?.size} ${stat?.mtimeMs}`;
}
