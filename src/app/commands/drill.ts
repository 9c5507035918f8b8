// `meridian drill NAME`: something is broken on purpose, clients ask all the time, and what they saw is measured and judged.

import { formatProblem } from '../../base/errors.ts';
import { didYouMean, list } from '../../config/suggest.ts';
import { DRILLS } from '../../drill/catalogue.ts';
import { Logbook } from '../../drill/logbook.ts';
import type { Drill, World } from '../../drill/model.ts';
import { DrillError, type Outcome, play } from '../../drill/play.ts';
import { ComposeWorld } from '../drill/compose-world.ts';
import { drillSteps } from '../drill/drill-text.ts';
import { LocalWorld } from '../drill/local-world.ts';
import { PACES } from '../drill/pace.ts';
import { readWatch, WatchedWorld } from '../drill/watched-world.ts';
import { columns } from '../text/columns.ts';
import { type Command, EXIT, failUsage, type OptionValues } from './args.ts';
import { SERVER_FORMS } from './server-address.ts';

export const drillCommand: Command = {
  help: `Usage: meridian drill NAME [--quick] [--compose FILE] [--server ADDRESS --name NAME] [--dry-run] [--json], or meridian drill --list

Breaks something on purpose, asks the DNS servers for clients of several networks all the time, and tells what they saw beside
what was done: how long it took until clients went elsewhere and until they were home again, and which queries were lost. What was
done is undone at the end, after a failure and on Ctrl-C. Drills and objectives: docs/drills.md.

Without further options it starts a small world of its own (three DNS servers, three probers, three sites with agents, Redis; it needs
redis-server) on addresses of loopback, and removes it afterwards. With --server nothing is touched: you are told what to do, and what
the servers answer meanwhile is told and judged.

  --list              which drills there are
  --dry-run           print the steps: what would be done, what is expected, how it is undone
  --quick             checks at shorter intervals in the world of its own: seconds instead of minutes, with wider limits
  --compose FILE      break the containers of this docker-compose.yml (a stack as the one in the root of the source)
  --project NAME      name of the compose project, if not the one that compose chooses
  --server ADDRESS    watch only: ask this server (${SERVER_FORMS}); several times for several
  --name NAME         watch only: the name to ask for
  --client NETWORK    watch only: a client network to ask for, the one that is to lose its site first; several times for several
  --site ADDRESS      watch only: the address of the answer that is to fail (default: the one that the first client gets)
  --json              print steps, timeline, measurements and verdict as JSON at the end

Exit code 0 if every objective was kept, 1 if one was missed, or the drill was stopped or could not be played.`,
  options: {
    list: { type: 'boolean' },
    'dry-run': { type: 'boolean' },
    quick: { type: 'boolean' },
    compose: { type: 'string' },
    project: { type: 'string' },
    server: { type: 'string', multiple: true },
    name: { type: 'string' },
    client: { type: 'string', multiple: true },
    site: { type: 'string' },
    json: { type: 'boolean' },
  },

  async run(values, positionals) {
    const isJson = values['json'] === true;
    const [name, ...extra] = positionals;
    if (values['list'] === true) {
      if (name !== undefined) return failUsage(`unexpected "${name}"`, drillCommand.help);
      console.log(
        isJson
          ? JSON.stringify(DRILLS)
          : columns(
              DRILLS.map((drill) => [drill.name, drill.summary]),
              '',
            ).join('\n'),
      );
      return EXIT.DONE;
    }
    const names = DRILLS.map((drill) => drill.name);
    if (name === undefined) return failUsage(`a drill is missing; there are ${list(names)}`, drillCommand.help);
    if (extra.length > 0) return failUsage(`unexpected "${extra[0]}"`, drillCommand.help);
    const drill = DRILLS.find((one) => one.name === name);
    if (drill === undefined)
      return failUsage(`"${name}" is no drill${didYouMean(name, names) || ';'} there are ${list(names)}`, drillCommand.help);
    const world = worldOf(values, drill);
    if (typeof world === 'string') return failUsage(world, drillCommand.help);
    const missing = drill.steps.flatMap(({ make = 'servers-restart' }) => (make in world.faults ? [] : [make]));
    if (missing.length > 0)
      return refuse(`"${drill.name}" cannot be played with ${world.title}; leave out --compose: local processes can do it`);
    if (values['dry-run'] === true) {
      const steps = drillSteps(drill, world);
      console.log(isJson ? JSON.stringify({ drill: drill.name, world: world.title, steps }) : stepsText(drill, world, steps));
      return EXIT.DONE;
    }
    return playIn(world, drill, isJson);
  },
};

/** The world that the options name, not yet opened; or what is wrong with them. */
function worldOf(values: OptionValues, { steps }: Drill): World | string {
  const { compose, project } = values;
  const isWatch = ['server', 'name', 'client', 'site'].some((option) => values[option] !== undefined);
  if (isWatch && (compose !== undefined || values['quick'] === true))
    return '--server only watches: leave out --compose and --quick';
  if (project !== undefined && compose === undefined) return '--project is of use with --compose only';
  if (isWatch) {
    const watch = readWatch(values);
    return typeof watch === 'string' ? watch : new WatchedWorld(watch);
  }
  if (compose !== undefined) {
    if (values['quick'] === true) return '--quick is of no use with --compose: its servers have a configuration of their own';
    return new ComposeWorld(String(compose), project === undefined ? null : String(project));
  }
  const faults = steps.flatMap(({ make }) => (make === undefined ? [] : [make]));
  return new LocalWorld({ pace: PACES[values['quick'] === true ? 'quick' : 'default'], faults });
}

async function playIn(world: World, drill: Drill, isJson: boolean): Promise<number> {
  const record = new Logbook(isJson ? () => undefined : (line) => console.log(line), () => performance.now());
  const stopping = new AbortController();
  // Asked again, the undoing goes on: it is what whoever asks wants.
  const stop = (): void => stopping.abort();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  let outcome: Outcome | undefined;
  try {
    const note = (text: string): void => record.say('note', text);
    note(`${drill.name}: ${drill.summary}; with ${world.title}`);
    await world.open({
      note,
      inForce: () => undefined,
      excuse: () => undefined,
      require: () => undefined,
      signal: stopping.signal,
    });
    outcome = await play(drill, world, record, stopping.signal);
  } catch (error) {
    if (!(error instanceof DrillError)) throw error;
    return refuse(error.message);
  } finally {
    await world.close();
  }
  const { isStopped, left } = outcome;
  const isMet = record.isMet && !isStopped && left.length === 0;
  if (isJson) {
    const { objectives, timeline } = record;
    const report = { drill: drill.name, world: world.title, isMet, isStopped, left, objectives, timeline };
    console.log(JSON.stringify({ ...report, queries: outcome.queries }));
  } else {
    const verdict = isStopped ? 'STOPPED before its end' : isMet ? 'every objective was kept' : 'AN OBJECTIVE WAS MISSED';
    console.log(['', `${drill.name}: ${verdict}`, ...record.table()].join('\n'));
  }
  for (const reason of left) refuse(reason);
  return isMet ? EXIT.DONE : EXIT.FAILED;
}

function stepsText(drill: Drill, world: World, steps: ReturnType<typeof drillSteps>): string {
  const lines = steps.flatMap(({ does, expects }, i) => [
    `${i + 1}. ${does}`,
    ...expects.map((text) => `     expected: ${text}`),
  ]);
  const undone = steps.flatMap(({ undoneBy }) => (undoneBy === null ? [] : [`undone by: ${undoneBy}`]));
  return [`${drill.name}: ${drill.summary}`, `with ${world.title}`, ...lines, ...undone].join('\n');
}

function refuse(message: string): number {
  console.error(formatProblem({ severity: 'error', code: 'ERR_DRILL', message }));
  return EXIT.FAILED;
}
