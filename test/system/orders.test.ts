// Drains and overrides by the command line, as answers show them, and every way back. The real binary and dig.

import test from 'ava';
import { type RunningDemo, startDemo } from '../support/demo.ts';
import { dig } from '../support/dig.ts';
import { eventually } from '../support/patience.ts';

let demo: RunningDemo;
test.before(async () => {
  demo = await startDemo();
});
test.after.always(async () => {
  await demo?.stop();
});

const LONDON = '192.0.2.10';
const JOHANNESBURG = '192.0.2.40';

const answer = async (): Promise<string> =>
  (await dig(demo.server.port, '+short', 'www.example.test', '+subnet=81.2.69.142/32')).trim();

const becomes = (expected: string): Promise<void> =>
  eventually(
    async () => (await answer()) === expected,
    () => `the answer never became ${expected}:\n${demo.server.log()}`,
  );

const shows = (expected: RegExp): Promise<void> =>
  eventually(
    async () => expected.test((await demo.command('status')).stdout),
    () => `the status never showed ${expected}:\n${demo.server.log()}`,
  );

/** Runs what a command printed as its undo. */
async function undo(printed: string): Promise<string> {
  const line = /^undo: meridian (.*)$/m.exec(printed)![1]!;
  const words = [...line.matchAll(/'((?:[^']|'\\'')*)'|(\S+)/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll("'\\''", "'") ?? plain!,
  );
  const { code, stdout, stderr } = await demo.command(...words);
  if (code !== 0) throw new Error(`${line}: ${stderr}`);
  return stdout;
}

test.serial('a site is drained by its name, and the undo that is printed brings its clients back', async (t) => {
  const { code, stdout, stderr } = await demo.command('drain', 'london', '--reason', "the switch's fan", '--author', 'ann');
  t.is(code, 0, stderr);
  t.regex(
    stdout,
    /^site:london drained by ann, until it is taken back: the switch's fan\nmembers: web\/london, api-europe\/london, /,
  );
  t.regex(stdout, /\nnote: nobody else is up in pool api-europe, pool canary, pool cdn, pool intranet\n/);
  t.regex(stdout, /\nundo: meridian undrain site:london\n$/);
  await shows(/web\/london +london +DRAINED +by ann .* ago: the switch's fan \(seen up\)/);
  t.is(await answer(), JOHANNESBURG);
  const undone = await undo(stdout);
  t.regex(undone, /^site:london is no longer drained \(by ann: the switch's fan\)\nundo: meridian drain site:london /);
  await becomes(LONDON);
  const again = await undo(undone);
  t.regex(again, /^site:london drained by ann/);
  t.is((await demo.command('undrain', 'london')).code, 0);
  await becomes(LONDON);
});

test.serial('an override down acts at once, shows in list and status with its end, and goes by its id', async (t) => {
  const given = await demo.command(
    'override',
    'down',
    'web/london',
    '--reason',
    'wrong build',
    '--for',
    '2h',
    '--tool',
    '--author',
    'ci',
  );
  t.is(given.code, 0, given.stderr);
  t.regex(given.stdout, /^web\/london forced down by ci \(tool\), ends in [^:]+: wrong build\n/);
  await becomes(JOHANNESBURG);
  const listed = (await demo.command('override', 'list')).stdout;
  t.regex(listed, /web\/london +forced down +by ci \(tool\) +.* ago +ends in [12] h.* +wrong build/);
  const id = JSON.parse((await demo.command('override', 'list', '--json')).stdout).overrides[0].id;
  const removed = await demo.command('override', 'remove', id);
  t.is(removed.code, 0, removed.stderr);
  await becomes(LONDON);
  t.is((await demo.command('override', 'list')).stdout, 'no order is in force: traffic follows what the checks see\n');
});

test.serial('an override up keeps a member that the checks see down, and both are shown', async (t) => {
  const given = await demo.command('override', 'up', 'web/london', '--reason', 'the check is wrong', '--author', 'ann');
  await demo.command('demo', 'stop', 'london');
  await shows(/web\/london +london +forced up .*by ann .*: the check is wrong \(seen down: /);
  t.is(await answer(), LONDON);
  await undo(given.stdout);
  await becomes(JOHANNESBURG);
  await demo.command('demo', 'start', 'london');
  await becomes(LONDON);
});

test.serial('an order with an end is over when its time is', async (t) => {
  t.is((await demo.command('override', 'down', 'site:london', '--reason', 'a moment', '--for', '1s')).code, 0);
  await becomes(LONDON);
  t.pass();
});

for (const [args, complaint] of [
  [['drain', 'lodnon', '--reason', 'x'], /no site, pool or member is called "lodnon"; did you mean "london"\? \(sites: /],
  [['drain', 'site:paris', '--reason', 'x'], /no site is called "paris" \(sites: london, /],
  [['override', 'up', 'web/x*', '--reason', 'x'], /no member matches "web\/x\*" \(sites: /],
] as const) {
  test.serial(`${args.join(' ')} is one clear line that tells what there is, and nothing changes`, async (t) => {
    const { code, stderr } = await demo.command(...args);
    t.is(code, 2);
    t.regex(stderr, /^error ERR_USAGE: [^\n]*\n$/);
    t.regex(stderr, complaint);
    t.is((await demo.command('override', 'list')).stdout, 'no order is in force: traffic follows what the checks see\n');
  });
}

for (const args of [
  ['undrain', 'tokyo'],
  ['undrain', 'nobody'],
  ['override', 'remove', '4711'],
]) {
  test.serial(`${args.join(' ')}, where there is nothing to take back, is one clear line`, async (t) => {
    const { code, stderr } = await demo.command(...args);
    t.true(code === 1 || code === 2);
    t.regex(stderr, /^error ERR_[A-Z_]+: [^\n]*\n$/);
  });
}
