// `meridian serve`: loads, listens, answers until told to stop. SIGHUP or `meridian reload` reads the files again;
// SIGTERM and SIGINT end it after the replies that are due.

import { accessSync, constants, mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { formatProblem, type Problem } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { reasonOf } from '../../config/files.ts';
import { watchFile } from '../../geo/watch.ts';
import { type Command, DEFAULT_CONFIG, EXIT, printProblems } from '../args.ts';
import { type ControlRequest, openControl } from '../control.ts';
import { demoText } from '../demo.ts';
import { geographyFiles } from '../load.ts';
import { loadInThread } from '../loader.ts';
import { createLogger } from '../log.ts';
import { makeHelpersYield } from '../priority.ts';
import { MeridianServer, workerCount } from '../server.ts';
import { VERSION } from '../version.ts';

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
    if (unusable !== undefined) return fail(unusable);
    const cores = availableParallelism();
    const server = new MeridianServer(configFile, loaded, cores, log);
    const stopped = stopSignal(log);
    // The socket comes first: it tells whether another server already works in this state directory.
    const control = await openControl(settings.controlSocket, (request) => handle(server, request));
    if (!control.ok) return fail(control.error);
    const started = await server.start();
    if (!started.ok) {
      control.value.close();
      return fail(started.error);
    }
    if (workerCount(settings.workers, 2) === 1 && settings.workers !== 1 && cores > 1) {
      log.info({ node: process.version }, 'one worker answers: several on one port need Node 22.12 or newer');
    }
    log.info(
      { version: VERSION, endpoints: server.endpoints, zones: loaded.zones.length, cells: loaded.geography.cells },
      'listening',
    );
    if (values['demo'] === true) console.log(demoText(server));

    const stopWatching = watchGeography(server);
    hangup.call(() => void server.reload());
    await stopped;
    stopWatching();
    control.value.close();
    await server.close();
    log.info({}, 'stopped');
    return EXIT.DONE;
  },
};

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

function fail(problem: Problem): number {
  console.error(formatProblem(problem));
  return EXIT.FAILED;
}

async function handle(server: MeridianServer, request: ControlRequest): Promise<unknown> {
  switch (request.command) {
    case 'reload':
      return server.reload();
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

/**
 * Follows SIGHUP from now on. A reload asked for while the server still starts happens once `call` says how: left to the
 * system, the signal would end the process.
 */
function followHangups(): { call(reload: () => void): void } {
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

/** Resolves at the first SIGINT or SIGTERM. A second one ends the process at once, as the system would. */
function stopSignal(log: Logger): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        log.info({ signal }, 'stopping');
        resolve();
      });
    }
  });
}
