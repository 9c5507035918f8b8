// The operator's YAML file to a checked snapshot. Everything wrong with it is reported at once: shape and references come
// from one pass over the whole file, what needs several entries is judged on those entries that are right by themselves.

import { dirname, join, resolve } from 'node:path';
import type { z } from 'zod';
import { hasErrors, type Problem } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import { bundledCountryDatabase } from '../geo/open.ts';
import type { GeoSettings, ServerSettings, Snapshot } from '../model/snapshot.ts';
import { adminSettings } from './admin.ts';
import { decisionSettings } from './decisions.ts';
import { MAX_SOCKET_PATH } from './file-names.ts';
import { missingFile, readRegularFile } from './files.ts';
import { deepFreeze } from './freeze.ts';
import { problemsOf } from './issues.ts';
import { meshSettings } from './mesh.ts';
import { buildModel, buildPools, loadUnitOf } from './model.ts';
import { checkKeys, checkTrees, checkUnits } from './policy-checks.ts';
import { healthSettings, proberSettings, probeSpecs, targetsOf } from './probes.ts';
import { configSchema, namesIn } from './schema.ts';
import type { GeoConfig, ServerConfig } from './server-schema.ts';
import { siteSettings } from './site.ts';
import type { Defined } from './steering-schema.ts';
import { transferSettings } from './transfer.ts';
import { watchSettings } from './watch.ts';
import { type Path, YamlSource } from './yaml.ts';
import { findZones } from './zone-sources.ts';

const MAX_FILE_OCTETS = 8 * 1024 * 1024;
/** Longest time, in seconds, in which a budget of replies may recover: the table of loads forgets what is much older. */
const MAX_BURST_SEC = 10;

export interface LoadedConfig {
  /** Absent if there is any error. Deeply frozen. */
  readonly snapshot?: Snapshot;
  /** In order of the file. */
  readonly problems: readonly Problem[];
  /** Policy -> the warning to give if no zone uses it; policies that other policies use are not in it. */
  readonly ifUnused: ReadonlyMap<string, Problem>;
}

/** What is read of a configuration: for a process that only probes, nothing of the zones and databases that others answer from. */
export type ConfigScope = 'everything' | 'health';

/** Never throws for what is in the file. Relative paths in it start at its own directory. */
export function loadConfig(file: string, scope: ConfigScope = 'everything'): LoadedConfig {
  const text = readText(file);
  if (!text.ok) return { problems: [text.error], ifUnused: new Map() };
  const source = new YamlSource(file, text.value);
  if (source.isBroken) return { problems: source.problems, ifUnused: new Map() };

  const defined = namesIn(source.value);
  const schema = configSchema(defined);
  const parsed = schema.safeParse(source.value);
  const problems = [...source.problems, ...problemsOf(source, parsed.error?.issues ?? [])];

  const raw = source.value as Readonly<Record<string, unknown>>;
  const valid = <S extends z.ZodType>(section: S, value: unknown): z.output<S> | undefined => section.safeParse(value).data;
  const server = valid(schema.shape.server, raw['server']);
  const geo = valid(schema.shape.geo, raw['geo']);
  const zones = valid(schema.shape.zones, raw['zones']);

  const base = dirname(resolve(file));
  const settings = server && serverSettings(source, server, base);
  const geography = geo && geoSettings(source, geo, base, scope);
  const keys = valid(schema.shape.keys, raw['keys']);
  const transfer = valid(schema.shape.transfer, raw['transfer']);
  const found = zones && (scope === 'everything' ? findZones(source, zones) : NO_ZONES);
  const transfers =
    keys && transfer && found && (scope === 'everything' ? transferSettings(source, keys, transfer, found.zones) : NO_TRANSFERS);
  const probesConfig = valid(schema.shape.probes, raw['probes']);
  const meshConfig = valid(schema.shape.mesh, raw['mesh']);
  const adminConfig = valid(schema.shape.admin, raw['admin']);
  const admin = adminConfig && adminSettings(source, adminConfig);
  const alerts = valid(schema.shape.alerts, raw['alerts']);
  const objectives = valid(schema.shape.objectives, raw['objectives']);
  const traces = valid(schema.shape.traces, raw['traces']);
  const watch = alerts && objectives && traces && watchSettings(source, { alerts, objectives, traces });
  const decisionsConfig = valid(schema.shape.decisions, raw['decisions']);
  const decisions = decisionsConfig && decisionSettings(source, decisionsConfig);
  const specs = probesConfig && probeSpecs(source, probesConfig);
  const mesh = meshConfig && meshSettings(source, meshConfig);
  const sites = valid(schema.shape.sites, raw['sites']);
  const siteConfig = valid(schema.shape.site, raw['site']);
  const agents = siteConfig && siteSettings(source, siteConfig, sites, mesh?.value.kind === 'redis');
  for (const part of [settings, geography, found, transfers, specs, mesh, admin, agents, watch, decisions])
    problems.push(...(part?.problems ?? []));

  const policySchema = schema.shape.policies.unwrap().valueType;
  const policies = new Map(
    defined.policies.known.flatMap((id) => {
      const policy = valid(policySchema, (raw['policies'] as Readonly<Record<string, unknown>>)[id]);
      return policy === undefined ? [] : [[id, policy] as const];
    }),
  );
  problems.push(...checkTrees(source, policies), ...checkKeys(source, policies));

  if (sites !== undefined) problems.push(...checkUnits(source, sites));

  const targets = parsed.success && specs && targetsOf(source, parsed.data.pools, specs.value, buildPools(parsed.data).members);
  if (targets) problems.push(...targets.problems);

  const ordered = inOrder(problems);
  const isWhole =
    settings && geography && found && transfers && specs && mesh && admin && agents && watch && decisions && targets;
  if (hasErrors(ordered) || !parsed.success || !isWhole) return { problems: ordered, ifUnused: new Map() };
  const snapshot = deepFreeze<Snapshot>({
    file,
    server: settings.value,
    geo: geography.value,
    steering: buildModel(parsed.data),
    loadUnit: loadUnitOf(parsed.data.sites),
    probes: specs.value,
    targets: targets.value,
    prober: proberSettings(parsed.data.prober),
    health: healthSettings(parsed.data.health, parsed.data.pools),
    fleet: { threads: parsed.data.fleet.threads, passMs: parsed.data.fleet.pass },
    site: agents.value,
    mesh: mesh.value,
    admin: admin.value,
    zones: found.zones,
    transfer: transfers.value,
    watch: watch.value,
    decisions: decisions.value,
  });
  const unused = unusedNames(source, defined);
  return { snapshot, problems: inOrder([...ordered, ...unused.problems]), ifUnused: unused.policies };
}

const NO_ZONES = { zones: [], problems: [] };
const NO_TRANSFERS = { value: { keys: [], rules: [] }, problems: [] };

function readText(file: string): Result<string, Problem> {
  const problem = (code: 'ERR_CONFIG_FILE' | 'ERR_CONFIG_YAML', message: string): Problem => ({
    severity: 'error',
    code,
    message,
    file,
  });
  const read = readRegularFile(file, MAX_FILE_OCTETS);
  if (!read.ok) return err(problem('ERR_CONFIG_FILE', `configuration cannot be read: ${read.error}`));
  try {
    return ok(new TextDecoder('utf-8', { fatal: true }).decode(read.value.octets));
  } catch {
    return err(problem('ERR_CONFIG_YAML', 'not UTF-8 text'));
  }
}

interface Settled<T> {
  readonly value: T;
  readonly problems: readonly Problem[];
}

function serverSettings(source: YamlSource, server: ServerConfig, base: string): Settled<ServerSettings> {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  for (const [i, { address, port }] of server.listen.entries()) {
    const key = `${address}:${port}`;
    if (port !== 0 && seen.has(key)) {
      problems.push(source.problem(['server', 'listen', i], 'value', 'ERR_CONFIG_DUPLICATE', `server.listen has ${key} twice`));
    }
    seen.add(key);
  }
  const { excessPerSecond, excessBurst } = server.rateLimit;
  if (excessBurst > MAX_BURST_SEC * excessPerSecond) {
    const message = `server.rateLimit.excessBurst must be at most ${MAX_BURST_SEC} times excessPerSecond, ${MAX_BURST_SEC * excessPerSecond}, found ${excessBurst}`;
    problems.push(source.problem(['server', 'rateLimit', 'excessBurst'], 'value', 'ERR_CONFIG_VALUE', message));
  }
  const stateDirectory = resolve(base, server.stateDirectory);
  const controlSocket =
    server.controlSocket === null ? join(stateDirectory, 'meridian.sock') : resolve(base, server.controlSocket);
  const socketOctets = Buffer.byteLength(controlSocket);
  if (server.controlSocket !== null && socketOctets > MAX_SOCKET_PATH) {
    const message = `server.controlSocket must be a path of at most ${MAX_SOCKET_PATH} octets once absolute, found ${socketOctets}`;
    problems.push(source.problem(['server', 'controlSocket'], 'value', 'ERR_CONFIG_VALUE', message));
  }
  const secretFile = server.cookies.secretFile === 'none' ? null : resolve(base, server.cookies.secretFile);
  if (secretFile !== null) problems.push(...missingFile(source, ['server', 'cookies', 'secretFile'], secretFile));
  const { maxConnections, maxConnectionsPerAddress, idleTimeout, messageTimeout } = server.tcp;
  const value: ServerSettings = {
    listen: server.listen,
    workers: server.workers,
    udpPayloadSize: server.udpPayloadSize,
    udpBusyPollUs: server.udpBusyPollUs,
    udpTrains: server.udpTrains,
    tcp: { maxConnections, maxConnectionsPerAddress, idleTimeoutMs: idleTimeout, messageTimeoutMs: messageTimeout },
    cookies: { enabled: server.cookies.enabled, secretFile },
    nsid: server.nsid,
    chaos: server.chaos,
    reportAgent: server.reportAgent,
    rateLimit: server.rateLimit,
    ecs: server.ecs,
    stateDirectory,
    controlSocket,
    log: server.log,
  };
  return { value, problems };
}

function geoSettings(source: YamlSource, geo: GeoConfig, base: string, scope: ConfigScope): Settled<GeoSettings> {
  const problems: Problem[] = [];
  const existing = (path: Path, file: string): string => {
    const absolute = resolve(base, file);
    if (scope === 'everything') problems.push(...missingFile(source, path, absolute));
    return absolute;
  };
  const orNone = (path: Path, file: string): string | null => (file === 'none' ? null : existing(path, file));
  const value: GeoSettings = {
    databaseFile: geo.database === 'bundled' ? bundledCountryDatabase() : orNone(['geo', 'database'], geo.database),
    asnFile: orNone(['geo', 'asn'], geo.asn),
    networkMapFiles: geo.networkMaps.map((file, i) => existing(['geo', 'networkMaps', i], file)),
    watch: geo.watch,
  };
  return { value, problems };
}

/** What nothing refers to is probably a slip: warnings, since it does no harm. */
function unusedNames(source: YamlSource, defined: Defined): { problems: Problem[]; policies: Map<string, Problem> } {
  const warnings = (section: keyof Defined, by: string) =>
    defined[section].known
      .filter((id) => !defined[section].used.has(id))
      .map((id) => {
        const message = `${defined[section].kind} "${id}" is used by no ${by}`;
        return [id, source.problem([section, id], 'key', 'ERR_CONFIG_UNUSED', message, 'warning')] as const;
      });
  return {
    problems: [...warnings('sites', 'pool'), ...warnings('pools', 'policy'), ...warnings('probes', 'pool')].map(
      ([, problem]) => problem,
    ),
    policies: new Map(warnings('policies', 'zone and no other policy')),
  };
}

/** By place, each problem once: a value behind an alias may have been judged several times. */
function inOrder(problems: readonly Problem[]): Problem[] {
  const key = (p: Problem): string => `${p.line}:${p.column}:${p.code}:${p.message}`;
  return [...new Map(problems.map((p) => [key(p), p])).values()].sort(
    (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );
}
