// `meridian drill` as an operator uses it: one drill to its end, one that is stopped in the middle, and servers that are only watched.

import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import test from 'ava';
import { startChild } from '../support/child.ts';
import { eventually } from '../support/patience.ts';
import { MAIN, meridian, startServer } from '../support/server.ts';

interface Report {
  readonly isMet: boolean;
  readonly objectives: readonly { readonly title: string; readonly isMet: boolean }[];
  readonly timeline: readonly { readonly kind: string; readonly text: string }[];
}

/** Programs that work in a directory, by id. */
const programsIn = (directory: string): string[] =>
  readdirSync('/proc').filter((id) => {
    try {
      return /^\d+$/.test(id) && readlinkSync(`/proc/${id}/cwd`).startsWith(directory);
    } catch {
      return false; // gone by now, or not ours
    }
  });

// A world has ten processes and its own idea of how fast things should be: one at a time.

test.serial('a site is lost and comes back: every objective is kept, and the report tells what clients saw', async (t) => {
  const { code, stdout, stderr } = await meridian(['drill', 'site-loss', '--quick', '--json']);
  t.is(code, 0, `${stdout}${stderr}`);
  const { isMet, objectives, timeline } = JSON.parse(stdout) as Report;
  t.true(isMet);
  t.true(objectives.some(({ title }) => title.startsWith('clients of frankfurt go elsewhere')));
  t.true(timeline.some(({ kind, text }) => kind === 'answer' && text === 'dns-asia to europe: frankfurt -> newyork'));
});

test.serial('every server is upgraded in a drill: another process serves in its place, and the mesh is whole', async (t) => {
  const { stdout, stderr } = await meridian(['drill', 'rolling-upgrade', '--quick', '--json']);
  const { objectives, timeline } = JSON.parse(stdout) as Report;
  // Times are not judged here: what this machine is too busy to answer in time counts as lost.
  for (const title of ['servers that were not replaced', 'every server shares the mesh and sees all up'])
    t.true(objectives.find((one) => one.title === title)?.isMet, `${title}: ${stdout}${stderr}`);
  const taken = timeline.filter(({ text }) => /^dns-\w+: process \d+ has taken over, after /.test(text));
  t.is(taken.length, 3);
});

test('Ctrl-C in the middle of a drill undoes what was done and leaves no process and no file', async (t) => {
  const child = startChild(process.execPath, [MAIN, 'drill', 'dns-kill', '--quick']);
  const printed = (): string => child.printed('both');
  await eventually(() => printed().includes('>> dns-europe is killed') || !child.isRunning(), printed);
  const directory = /processes in (\S+)/.exec(printed())?.[1];
  t.truthy(directory, printed());
  t.true(programsIn(directory!).length > 5);
  child.kill('SIGINT');
  t.is(await child.ended, 1);
  t.regex(printed(), /told to stop.*\n.*>> dns-europe is started again\n[\s\S]*dns-kill: STOPPED before its end/);
  t.false(existsSync(directory!));
  t.deepEqual(programsIn(directory!), []);
});

test('servers that are watched are asked and left alone, and the operator is told what to do', async (t) => {
  const server = await startServer();
  t.teardown(() => server.stop());
  const watch = ['--server', `127.0.0.1:${server.port}`, '--name', 'www.example.test', '--client', '10.44.0.0/16'];
  const child = startChild(process.execPath, [MAIN, 'drill', 'bad-zone', ...watch]);
  t.teardown(() => child.kill('SIGKILL'));
  const printed = (): string => child.printed('both');
  await eventually(() => printed().includes('press Enter') || !child.isRunning(), printed);
  // Its standard input is at its end: nobody is there who could press Enter.
  t.regex(printed(), /10\.44\.0\.0\/16 -> 192\.0\.2\.10\n.*>> YOU: push a zone with an error to every server/);
  child.kill('SIGINT');
  t.is(await child.ended, 1);
  t.regex(printed(), />> YOU: put the former zone back/);
});

for (const [what, args, complaint] of [
  ['no drill', ['drill', 'site-los'], /"site-los" is no drill.*did you mean "site-loss"/],
  [
    'a server to watch and containers to break',
    ['drill', 'site-loss', '--server', '127.0.0.1', '--compose', 'x'],
    /only watches/,
  ],
  ['a watch without a name', ['drill', 'site-loss', '--server', '127.0.0.1'], /--name is missing/],
  ['containers that cannot play it', ['drill', 'flash-crowd', '--compose', 'docker-compose.yml'], /ERR_DRILL.*cannot be played/],
] as const) {
  test(`${what} is one clear line`, async (t) => {
    const { code, stderr } = await meridian(args);
    t.not(code, 0);
    t.regex(stderr, complaint);
  });
}

test('--dry-run tells every step and touches nothing', async (t) => {
  const { code, stdout } = await meridian(['drill', 'region-cut', '--dry-run']);
  t.is(code, 0);
  t.regex(stdout, /1\. asia is cut off: .*\n {5}expected: every server but dns-asia sends clients of singapore elsewhere/);
  t.regex(stdout, /undone by: asia is let back/);
});
