// `meridian serve`: loads, listens, answers until told to stop. SIGHUP or `meridian reload` reads the files again;
// SIGTERM and SIGINT end it after the replies that are due.

import { availableParallelism } from 'node:os';
import { systemClock } from '../../base/clock.ts';
import { formatProblem, hasErrors, type Problem } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { countersSize } from '../../metrics/counters.ts';
import type { Role } from '../../model/mesh.ts';
import { NOTHING_PASSED } from '../../model/passed-socket.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { type Attended, Operations, rolesInForce } from '../admin/admin-role.ts';
import { EarlyApi } from '../admin/early-api.ts';
import { planListening } from '../answering/listening-plan.ts';
import { SpillMemory } from '../capacity/spill-memory.ts';
import { demoText } from '../demo/demo.ts';
import { answerDemo, DemoSites } from '../demo/demo-sites.ts';
import { hasProgram } from '../demo/has-program.ts';
import { ControlPlane } from '../health/control-plane.ts';
import type { Loaded } from '../loading/load.ts';
import { loadHealthInThread, loadInThread } from '../loading/loader.ts';
import { createLogger } from '../log.ts';
import type { Who } from '../orders/change-record.ts';
import { type Control, type ControlRequest, openControl } from '../process/control.ts';
import { estateOf } from '../process/estate.ts';
import { DEFAULT_WITHIN_MS, Handover, supervisionObstacle } from '../process/handover.ts';
import type { Legacy } from '../process/handover-words.ts';
import { ProbeServer } from '../process/probe-server.ts';
import type { ReloadReport, StatusReport } from '../process/reports.ts';
import { answerRequest, STARTING } from '../process/requests.ts';
import { defaultRoles, findMissingSite, findUselessRole, readRoles } from '../process/roles.ts';
import type { Running } from '../process/running.ts';
import { controlRow, countersOf, MeridianServer } from '../process/server.ts';
import { ServiceManager } from '../process/service-manager.ts';
import { followHangups, type Hangup, stopSignal } from '../process/signals.ts';
import { makeStateDirectory } from '../process/state-directory.ts';
import { begin, HANDED_OVER, serveOn } from '../process/succession.ts';
import { addCounters, inheritSecrets, Takeover } from '../process/takeover.ts';
import { watchGeography } from '../process/watch-geography.ts';
import { agentsFor, purgesFor, startAgents } from '../site/agents.ts';
import type { Purges } from '../site/purge.ts';
import type { SiteDesk } from '../site/site-desk.ts';
import { VERSION } from '../version.ts';
import { type Command, DEFAULT_CONFIG, EXIT, type OptionValues, printProblems } from './args.ts';

export const serve: Command = {
  help: `Usage: meridian serve [--config FILE] [--role ROLE]... [--site SITE]... [--demo]

Runs the server in the foreground. It logs to standard output: text on a terminal, JSON lines otherwise.

  --config FILE   the configuration (default ${DEFAULT_CONFIG})
  --role ROLE     dns answers queries, probe checks members, fleet judges for many, site balances inside sites, admin is the HTTP API
                  where admin.listen says; several are given one by one or as a list with commas. dns, probe and admin unless given,
                  and site if the configuration has that section. A process with neither dns nor site needs mesh.redis; one without
                  dns reads no zones or databases.
  --site SITE     with the role site: whose agent this process is; several as with --role. All of the section unless given
  --demo          run a small web server on loopback for each site whose checks go there, and print what to try

SIGHUP (or 'meridian reload') reads all files again; a reload that finds an error changes nothing. SIGUSR2 (or 'meridian upgrade')
has the program that is on the disk now take over, without a lost query. SIGTERM and SIGINT stop it.`,
  takesWords: false,
  options: {
    config: { type: 'string' },
    role: { type: 'string', multiple: true },
    site: { type: 'string', multiple: true },
    demo: { type: 'boolean' },
  },

  async run(values) {
    const takeover = Takeover.begin();
    const { code, problems } = await run(values, takeover);
    await takeover?.failed(problems);
    return code;
  },
};

interface Outcome {
  readonly code: number;
  readonly problems: readonly Problem[];
}

async function run(values: OptionValues, takeover: Takeover | null): Promise<Outcome> {
  const asked = readRoles((values['role'] ?? []) as readonly string[]);
  if (!asked.ok) return fail([asked.error], EXIT.USAGE);
  const sites = listOf(values['site']);
  const configFile = String(values['config'] ?? DEFAULT_CONFIG);
  const hangup = followHangups();
  const early = new EarlyApi(asked.value);
  const isAnswering = asked.value?.includes('dns') ?? true;
  const read = isAnswering ? await loadAll(configFile) : await loadHealth(configFile);
  const { snapshot, problems } = read;
  if (snapshot === undefined) {
    printProblems(problems);
    return { code: EXIT.USAGE, problems };
  }
  const roles = rolesInForce(asked.value ?? defaultRoles(snapshot), snapshot);
  const useless = findUselessRole(roles, snapshot.mesh) ?? findMissingSite(roles, sites, snapshot);
  if (useless !== undefined) return fail([useless], EXIT.USAGE);
  const settings = snapshot.server;
  const log = await createLogger(settings.log);
  for (const problem of problems) log.warn({ ...problem }, 'problem');

  const unusable = makeStateDirectory(settings.stateDirectory);
  if (unusable !== undefined) return fail([unusable]);
  const stopped = stopSignal(log);
  const manager = new ServiceManager(log);
  const legacy = (await takeover?.prepared()) ?? null;
  if (legacy !== null && 'severity' in legacy) return fail([legacy]);
  const passed = takeover?.sockets.take ?? NOTHING_PASSED;
  const operations = await Operations.open(settings.stateDirectory, log, passed, early);
  const isDemo = values['demo'] === true;
  const handover = new Handover({
    log,
    obstacle: () =>
      operations.changes.upgradeObstacle ??
      (isDemo ? DEMO_OBSTACLE : supervisionObstacle(process.env, process.pid, process.ppid)),
    onTakenBack: () => void takeBack(),
  });
  const desk: Desk = { operations, handover, ...(isDemo ? { demo: new DemoSites(log) } : {}) };
  const listen = (hasPredecessor: boolean) =>
    openControl(settings.controlSocket, (request) => handle(request, desk, manager), hasPredecessor);
  // The socket comes first: it tells whether another server already works in this state directory.
  const opened = await listen(takeover !== null);
  if (!opened.ok) return fail([opened.error]);
  let control = opened.value;
  const again = takeover === null && (await operations.takeBackTrial()) && isAnswering ? await loadAll(configFile) : read;
  if (again.loaded === undefined && isAnswering) return fail(again.problems);
  /** A successor that has failed late may have taken the control socket's name and told the service manager of itself. */
  const takeBack = async (): Promise<void> => {
    control.close();
    const again = await listen(true);
    if (again.ok) {
      control = again.value;
      control.replace();
    } else log.error({ ...again.error }, 'problem');
    void manager.readyAsMain(desk.running?.summary ?? '');
  };
  const agents = agentsFor(roles, sites, log, takeover, legacy);
  const purges = await purgesFor(agents, desk.demo ?? null, snapshot.mesh, log);
  const surroundings = { configFile, log, manager, hangup, stopped, roles, agents, purges, desk, takeover, legacy, control };
  await desk.demo?.follow(snapshot);
  process.on('SIGUSR2', () => void handover.upgrade(DEFAULT_WITHIN_MS));
  const { loaded } = again;
  const failures = loaded === undefined ? await probe(snapshot, surroundings) : await answer(loaded, surroundings);
  handover.abandon();
  purges.close();
  control.close();
  await Promise.all([manager.stopping(), desk.demo?.close(), operations.close()]);
  if (failures !== undefined) return fail(failures);
  log.info({}, 'stopped');
  return { code: EXIT.DONE, problems: [] };
}

const DEMO_OBSTACLE = 'a demo has web servers of its own, which no successor could take over: stop it and start it again';

interface Read {
  readonly snapshot?: Snapshot;
  readonly loaded?: Loaded;
  readonly problems: readonly Problem[];
}

async function loadAll(configFile: string): Promise<Read> {
  const { loaded, problems } = await loadInThread(configFile);
  return loaded === undefined ? { problems } : { loaded, snapshot: loaded.snapshot, problems };
}

const loadHealth = (configFile: string): Promise<Read> => loadHealthInThread(configFile);

interface Surroundings {
  readonly configFile: string;
  readonly log: Logger;
  readonly manager: ServiceManager;
  readonly hangup: Hangup;
  readonly stopped: Promise<void>;
  readonly roles: readonly Role[];
  /** With the role `site`. */
  readonly agents: SiteDesk | null;
  readonly purges: Purges;
  readonly desk: Desk;
  /** Of a successor; null = this process was started as usual. */
  readonly takeover: Takeover | null;
  readonly legacy: Legacy | null;
  readonly control: Control;
}

/** Where commands find what is running. */
interface Desk {
  running?: Running;
  readonly operations: Operations;
  readonly handover: Handover;
  /** With --demo. */
  readonly demo?: DemoSites;
}

/** Answers queries, and probes if that is a role, until told to stop; resolves with the reasons if it cannot start or go on. */
async function answer(loaded: Loaded, surroundings: Surroundings): Promise<readonly Problem[] | undefined> {
  const { configFile, log, manager, hangup, stopped, roles, agents, desk, takeover, legacy } = surroundings;
  const settings = loaded.snapshot.server;
  const plan = await planListening(settings, availableParallelism(), takeover?.sockets.forAnswers(settings.listen) ?? null);
  if (!plan.ok) return plan.error;
  for (const warning of plan.value.warnings) log.warn({ ...warning }, 'problem');
  const { workers } = plan.value;
  const counters = new SharedArrayBuffer(countersSize(workers + 1));
  const own = controlRow(counters, workers);
  addCounters(own, legacy?.counters ?? {});
  const plane = await ControlPlane.open(loaded.snapshot, { roles, clock: systemClock, log, counters: own });
  try {
    const begun = await Promise.race([plane.start().then(() => true), stopped]);
    if (begun === undefined) return undefined;
    const spillMemory = new SpillMemory(settings.stateDirectory, systemClock, log);
    await spillMemory.load(plane.capacity.mesh.nowMs());
    desk.demo?.join(plane);
    const refused = await startAgents(agents, loaded.snapshot, plane, log);
    if (hasErrors(refused)) return refused;
    const inherited = { ...loaded, cookieSecrets: inheritSecrets(loaded, legacy) };
    const server = new MeridianServer({
      configFile,
      loaded: inherited,
      log,
      plan: plan.value,
      plane,
      agents,
      purges: surroundings.purges,
      counters,
      spillMemory,
    });
    desk.running = server;
    let attended: Attended | null = null;
    try {
      const started = await Promise.race([server.start(), stopped]);
      if (started === undefined) return undefined;
      if (!started.ok) return [started.error];
      const { endpoints } = server;
      const { zones, geography } = server.loaded.get();
      log.info({ version: VERSION, endpoints, zones: zones.length, cells: geography.cells }, 'listening');
      attended = await desk.operations.attend(server);
      if (desk.demo !== undefined) {
        console.log(demoText({ endpoints, admin: attended.endpoints, sites: desk.demo.places, hasDig: hasProgram('dig') }));
      }
      server.loaded.watch(({ snapshot }) => void desk.demo?.follow(snapshot));
      const stopWatching = watchGeography(server);
      const untaken = await begin(server, own, surroundings);
      if (untaken !== undefined) return [untaken];
      manager.watch(() => server.pulse());
      hangup.call(() => void reload(server, manager, desk.operations, BY_SIGNAL));
      const { changes } = desk.operations;
      const estate = estateOf({ plane, changes, spillMemory, agents, counters, loaded: server.loaded, endpoints });
      const problem = await serveOn(estate, server.lost, desk.handover, surroundings);
      stopWatching();
      if (problem === HANDED_OVER) {
        const finished = [server.retire(), agents?.handOver(desk.handover.heir), attended.close(), plane.close()];
        await Promise.race([Promise.all(finished), stopped]);
        desk.handover.done(countersOf(counters));
        return undefined;
      }
      void manager.stopping();
      await attended.close();
      return problem === undefined ? undefined : [problem];
    } finally {
      await Promise.all([server.close(), agents?.close()]);
      await attended?.farewell();
    }
  } finally {
    await agents?.close();
    await plane.close();
  }
}

/** Probes, judges, balances, or several of these, and answers no queries, until told to stop. */
async function probe(snapshot: Snapshot, surroundings: Surroundings): Promise<readonly Problem[] | undefined> {
  const { configFile, log, manager, hangup, stopped, roles, agents, purges, desk, legacy } = surroundings;
  const counters = new SharedArrayBuffer(countersSize(1));
  const own = controlRow(counters, 0);
  addCounters(own, legacy?.counters ?? {});
  const plane = await ControlPlane.open(snapshot, { roles, clock: systemClock, log, counters: own });
  try {
    const begun = await Promise.race([plane.start().then(() => true), stopped]);
    if (begun === undefined) return undefined;
    desk.demo?.join(plane);
    const refused = await startAgents(agents, snapshot, plane, log);
    if (hasErrors(refused)) return refused;
    const server = new ProbeServer({ configFile, snapshot, log, plane, agents, purges, counters });
    desk.running = server;
    log.info({ version: VERSION, id: plane.id, targets: snapshot.targets.length }, doingOf(roles));
    const attended = await desk.operations.attend(server);
    const untaken = await begin(server, own, surroundings);
    if (untaken !== undefined) return [untaken];
    manager.watch(() => Promise.resolve());
    hangup.call(() => void reload(server, manager, desk.operations, BY_SIGNAL));
    const { changes } = desk.operations;
    const end = await serveOn(estateOf({ plane, changes, agents, counters, endpoints: [] }), null, desk.handover, surroundings);
    if (end === HANDED_OVER) {
      await Promise.race([Promise.all([agents?.handOver(desk.handover.heir), attended.close(), plane.close()]), stopped]);
      desk.handover.done(countersOf(counters));
      return undefined;
    }
    void manager.stopping();
    await attended.close();
    return undefined;
  } finally {
    await agents?.close();
    await plane.close();
  }
}

function doingOf(roles: readonly Role[]): string {
  const does = [
    ...(roles.includes('probe') ? ['probing'] : []),
    ...(roles.includes('fleet') ? ['judging'] : []),
    ...(roles.includes('site') ? ['at the site'] : []),
  ];
  return does.length === 0 ? 'showing' : does.join(' and ');
}

/** Words of an option that may be given several times, or as lists with commas; null = not given. */
function listOf(given: unknown): readonly string[] | null {
  if (given === undefined) return null;
  return (given as readonly string[]).flatMap((word) => word.split(',')).map((word) => word.trim());
}

const BY_SIGNAL: Who = { actor: 'SIGHUP', via: 'signal', requestId: '' };
const BY_COMMAND: Who = { actor: 'control socket', via: 'socket', requestId: '' };

async function reload(running: Running, manager: ServiceManager, { changes }: Operations, who: Who): Promise<ReloadReport> {
  void manager.reloading();
  const report = await changes.reload(running, who);
  void manager.ready(running.summary);
  return report;
}

function fail(problems: readonly Problem[], code: number = EXIT.FAILED): Outcome {
  for (const problem of problems) console.error(formatProblem(problem));
  return { code, problems };
}

/** Answers a command, once there is somebody to answer. */
async function handle(
  request: ControlRequest,
  { running, demo, operations, handover }: Desk,
  manager: ServiceManager,
): Promise<unknown> {
  if (request.command === 'demo') return answerDemo(request, demo);
  if (running === undefined) return STARTING;
  if (request.command === 'upgrade') return handover.upgrade(request.withinMs);
  if (request.command === 'reload') return reload(running, manager, operations, BY_COMMAND);
  const { changes, watch } = operations;
  const reply = await answerRequest(request, running, changes, watch?.alerts ?? null);
  if (request.command !== 'status' || demo === undefined) return reply;
  const report = reply as StatusReport;
  return { ...report, site: [...report.site, ...demo.report()] };
}
