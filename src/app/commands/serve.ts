// `meridian serve`: loads, listens, answers until told to stop. SIGHUP or `meridian reload` reads the files again;
// SIGTERM and SIGINT end it after the replies that are due.

import { accessSync, constants, mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { formatProblem, type Problem } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { reasonOf } from '../../config/files.ts';
import { watchFile } from '../../geo/watch.ts';
import { type Command, count, DEFAULT_CONFIG, EXIT, printProblems } from '../args.ts';
import { type ControlRequest, openControl } from '../control.ts';
import { demoText } from '../demo.ts';
import { planListening } from '../listening-plan.ts';
import { geographyFiles } from '../load.ts';
import { loadInThread } from '../loader.ts';
import { createLogger } from '../log.ts';
import { makeHelpersYield } from '../priority.ts';
import { MeridianServer, type ReloadReport } from '../server.ts';
import { ServiceManager } from '../service-manager.ts';
import { keepFreedMemory } from '../v8-flags.ts';
import { VERSION } from '../version.ts';

/** One request to stop may come as two signals: from the terminal and from npm, or from timeout(1) to us and to our group. */
const SAME_REQUEST_MS = 500;

export const serve: Command = {
  help: `Usage: meridian serve [--config FILE] [--demo]

Runs the server in the foreground. It logs to standard output: text on a terminal, JSON lines otherwise.

  --config FILE   the configuration (default ${DEFAULT_CONFIG})
  --demo          print how to ask the demo zone

SIGHUP (or 'meridian reload') reads all files again; a reload that finds an error changes nothing. SIGTERM and SIGINT stop it.`,
  options: { config: { type: 'string' }, demo: { type: 'boolean' } },

  async run(values) {
    const configFile = String(values['config'] ?? DEFAULT_CONFIG);
    makeHelpersYield();
    keepFreedMemory();
    const hangup = followHangups();
    const { loaded, problems } = await loadInThread(configFile);
    if (loaded === undefined) {
      printProblems(problems);
      return EXIT.USAGE;
    }
    const settings = loaded.snapshot.server;
    const log = createLogger(settings.log);
    for (const problem of problems) log.warn({ ...problem }, 'problem');

    const unusable = makeStateDirectory(settings.stateDirectory);
    if (unusable !== undefined) return fail([unusable]);
    const stopped = stopSignal(log);
    // The socket comes first: it tells whether another server already works in this state directory.
    const manager = new ServiceManager(log);
    let server: MeridianServer | undefined;
    const control = await openControl(settings.controlSocket, (request) => handle(request, server, manager));
    if (!control.ok) return fail([control.error]);
    const plan = await planListening(settings, availableParallelism());
    if (!plan.ok) {
      control.value.close();
      return fail(plan.error);
    }
    for (const warning of plan.value.warnings) log.warn({ ...warning }, 'problem');
    server = new MeridianServer({ configFile, loaded, log, plan: plan.value });
    const problem = await answer(server, { log, manager, hangup, stopped, isDemo: values['demo'] === true });
    control.value.close();
    await Promise.all([manager.stopping(), server.close()]);
    if (problem !== undefined) return fail([problem]);
    log.info({}, 'stopped');
    return EXIT.DONE;
  },
};

interface Surroundings {
  readonly log: Logger;
  readonly manager: ServiceManager;
  readonly hangup: Hangup;
  readonly stopped: Promise<void>;
  readonly isDemo: boolean;
}

/** Starts the server and lets it answer until it is told to stop; resolves with the reason if it cannot start or go on. */
async function answer(server: MeridianServer, surroundings: Surroundings): Promise<Problem | undefined> {
  const { log, manager, hangup, stopped, isDemo } = surroundings;
  const started = await Promise.race([server.start(), stopped]);
  if (started === undefined) return undefined;
  if (!started.ok) return started.error;
  const { endpoints } = server;
  const { zones, geography } = server.loaded.get();
  log.info({ version: VERSION, endpoints, zones: zones.length, cells: geography.cells }, 'listening');
  if (isDemo) console.log(demoText(server));
  const stopWatching = watchGeography(server);
  void manager.ready(statusOf(server));
  hangup.call(() => void reload(server, manager));
  const problem = (await Promise.race([server.lost, stopped])) ?? undefined;
  stopWatching();
  return problem;
}

async function reload(server: MeridianServer, manager: ServiceManager): Promise<ReloadReport> {
  void manager.reloading();
  const report = await server.reload();
  void manager.ready(statusOf(server));
  return report;
}

const statusOf = (server: MeridianServer): string => `answering for ${count(server.loaded.get().zones.length, 'zone')}`;

function makeStateDirectory(path: string): Problem | undefined {
  try {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const message = `state directory ${path} cannot be used: ${reasonOf(error)}; make it writable for this user, or set another server.stateDirectory`;
    return { severity: 'error', code: 'ERR_STATE', message };
  }
}

function fail(problems: readonly Problem[]): number {
  for (const problem of problems) console.error(formatProblem(problem));
  return EXIT.FAILED;
}

/** Answers a command, once it has been found out how the server can listen. */
async function handle(request: ControlRequest, server: MeridianServer | undefined, manager: ServiceManager): Promise<unknown> {
  if (server === undefined) return { error: 'the server is starting; try again' };
  switch (request.command) {
    case 'reload':
      return reload(server, manager);
    case 'status':
      return server.status(VERSION);
    case 'explain': {
      const report = server.explain(request);
      return report.ok ? report.value : { problem: report.error };
    }
    default:
      return { error: 'unknown command' };
  }
}

/** Watches the files of the geography that is served, until the returned function is called. */
function watchGeography(server: MeridianServer): () => void {
  let watches: (() => void)[] = [];
  let watched = '';
  const start = (): void => {
    const { geo } = server.loaded.get().snapshot;
    const files = geo.watch ? geographyFiles(geo) : [];
    // A new watch would take what a file is now for what was loaded: watches go on as long as the files are the same ones.
    if (files.join('\n') === watched) return;
    watched = files.join('\n');
    for (const stop of watches) stop();
    watches = files.map((file) => watchFile(file, () => void server.reloadGeography()));
  };
  start();
  const stopFollowing = server.loaded.watch(start);
  return () => {
    stopFollowing();
    for (const stop of watches) stop();
  };
}

interface Hangup {
  /** From now on SIGHUP means `reload`, and if one came before it is called now. */
  call(reload: () => void): void;
}

/**
 * Follows SIGHUP from now on. A reload asked for while the server still starts happens once `call` says how: left to the
 * system, the signal would end the process.
 */
function followHangups(): Hangup {
  let isAsked = false;
  let act = (): void => {
    isAsked = true;
  };
  process.on('SIGHUP', () => act());
  return {
    call: (reload) => {
      act = reload;
      if (isAsked) reload();
    },
  };
}

/** Resolves at the first SIGINT or SIGTERM. Another one later ends the process at once, as the system would. */
function stopSignal(log: Logger): Promise<void> {
  return new Promise((resolve) => {
    let askedMs: number | undefined;
    const stop = (signal: NodeJS.Signals): void => {
      const nowMs = performance.now();
      if (askedMs === undefined) {
        askedMs = nowMs;
        log.info({ signal }, 'stopping');
        resolve();
      } else if (nowMs - askedMs > SAME_REQUEST_MS) {
        process.removeListener(signal, stop);
        process.kill(process.pid, signal);
      }
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}
