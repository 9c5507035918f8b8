// The demo comes alive: a site that is stopped loses its clients, and gets them back. The real binary, real servers, dig.

import test from 'ava';
import { type RunningDemo, startDemo } from '../support/demo.ts';
import { dig } from '../support/dig.ts';
import { eventually } from '../support/patience.ts';
import { MAIN, run } from '../support/server.ts';

const CLIENT = '81.2.69.142';

let demo: RunningDemo;
test.before(async () => {
  demo = await startDemo();
});
test.after.always(async () => {
  await demo?.stop();
});

const answer = async (type = 'A'): Promise<string> =>
  (
    await dig(demo.server.port, '+short', 'www.example.test', type, `+subnet=${type === 'A' ? `${CLIENT}/32` : '2001:630::/32'}`)
  ).trim();

const becomes = (expected: string, type = 'A'): Promise<void> =>
  eventually(
    async () => (await answer(type)) === expected,
    () => `the answer never became ${expected}:\n${demo.server.log()}`,
  );

interface Member {
  readonly member: string;
  readonly families: readonly { readonly family: number; readonly isUp: boolean; readonly seen: string }[];
}

const members = async (): Promise<readonly Member[]> =>
  JSON.parse((await demo.command('status', '--json')).stdout).health.members;

test.serial('all members that are checked are seen up, in both families', async (t) => {
  const checked = (all: readonly Member[]): Member[] => all.filter(({ member }) => member !== 'cdn/london');
  let seen: readonly Member[] = [];
  await eventually(
    async () => {
      seen = await members();
      return checked(seen).every(({ families }) => families.every((family) => family.seen === 'up'));
    },
    () => JSON.stringify(seen),
  );
  t.deepEqual(
    seen.find(({ member }) => member === 'web/london')!.families.map(({ family }) => family),
    [4, 6],
  );
  t.is(seen.find(({ member }) => member === 'cdn/london')!.families[0]!.seen, 'unchecked');
});

test.serial('demo list shows every site with its port', async (t) => {
  const { code, stdout } = await demo.command('demo', 'list');
  t.is(code, 0);
  t.is(
    stdout.trim().replaceAll(/ +/g, ' '),
    Object.entries(demo.ports)
      .map(([site, port]) => `${site} port ${port} serves`)
      .join('\n'),
  );
});

test.serial('the line that it prints shows who answers, and from where a site was asked', async (t) => {
  const printed = (): string | undefined => /^ {2}(for i in .*)\n/m.exec(demo.server.log())?.[1];
  await eventually(
    () => printed() !== undefined,
    () => demo.server.log(),
  );
  const line = printed()!.replace(
    'npx meridian status',
    `"${process.execPath}" "${MAIN}" status --config "${demo.server.config}"`,
  );
  let told = '';
  await eventually(
    async () => {
      told = (await run('sh', ['-c', line])).stdout;
      return told.includes('clients');
    },
    () => told,
  );
  t.regex(told, /^(This is server london-[12] of the demo site london\.\n){40} {2}clients {2}a sample of \d+ of the last 5 s: /);
  t.regex(told, /: all from 127\.0\.0\.0\/24\n$/);
});

test.serial('a site that is stopped loses its clients to the next nearest, over IPv6 too, and explain says why', async (t) => {
  t.is(await answer(), '192.0.2.10');
  const { code, stdout } = await demo.command('demo', 'stop', 'london');
  t.is(code, 0);
  t.is(stdout, 'london refuses connections now; undo: meridian demo start london\n');
  await becomes('192.0.2.40');
  await becomes('2001:db8:40::1', 'AAAA');
  const explained = (await demo.command('explain', 'www.example.test', '--client', CLIENT)).stdout;
  t.regex(explained, /web\/london.*down: 1 of 1 vantage points: .*refused/);
  const status = (await demo.command('status', '--votes')).stdout;
  t.regex(status, /web\/london +london +DOWN +\d/);
  t.regex(status, /Pool web: 5 of 6 up/);
  t.regex((await demo.command('demo', 'list')).stdout, /london +port \d+ +STOPPED/);
});

test.serial('a site that is started again gets all its clients back', async (t) => {
  t.is((await demo.command('demo', 'start', 'london')).code, 0);
  const isSettled = async (): Promise<boolean> => {
    const { stdout } = await demo.command('explain', 'www.example.test', '--client', CLIENT, '--json');
    const { shares } = JSON.parse(stdout).steering;
    return shares.length === 1 && shares[0].member === 'web/london';
  };
  await eventually(isSettled, () => demo.server.log());
  t.is(await answer(), '192.0.2.10');
});

for (const [args, complaint] of [
  [['stop', 'londn'], /^error ERR_USAGE: "londn" is not a site of the demo; allowed are london, .*did you mean "london"\?\n$/],
  [['start', 'web/london'], /^error ERR_USAGE: "web\/london" is not a site of the demo; [^\n]*\n$/],
  [['stop', ''], /^error ERR_USAGE: "" is not a site of the demo; [^\n]*\n$/],
] as const) {
  test.serial(`demo ${args.join(' ')} is one clear line`, async (t) => {
    const { code, stderr } = await demo.command('demo', ...args);
    t.is(code, 2);
    t.regex(stderr, complaint);
  });
}
