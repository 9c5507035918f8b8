// Several workers in the real program: one that dies takes nothing with it but what it had in hand, and is replaced.

import { supportsReusePort } from '../../src/transport/listen.ts';
import { dig } from '../support/dig.ts';
import { testUnless } from '../support/environments.ts';
import { ROOT } from '../support/paths.ts';
import { demoDirectory, editConfig, meridian, type RunningServer, startServer } from '../support/server.ts';

const QUESTIONS = 10;
const env = { NODE_OPTIONS: `--import=${ROOT}dist/test/support/mortal-workers.js` };
const alone = supportsReusePort ? undefined : 'one worker at a time: this Node cannot share ports, and there is no addon';

async function answers(server: RunningServer): Promise<string[]> {
  const all: string[] = [];
  for (let i = 0; i < QUESTIONS; i++) all.push((await dig(server.port, '+short', 'example.test', 'TXT')).trim());
  return all;
}

const workersOf = async (server: RunningServer): Promise<string> =>
  /^workers +(.*)$/m.exec((await meridian(['status', '--config', server.config])).stdout)![1]!;

testUnless(alone, 'while a dead worker is replaced the others answer, and status counts them', async (t) => {
  const directory = demoDirectory();
  editConfig(directory, ['workers: 0', 'workers: 3']);
  const server = await startServer(directory, { env });
  const expected = Array<string>(QUESTIONS).fill('"v=spf1 mx -all"');
  try {
    t.is(await workersOf(server), '3 of 3 alive');
    server.signal('SIGURG');
    const { worker, alive, wanted, code, reason } = await server.logged('a DNS worker died; starting another');
    t.deepEqual([worker, alive, wanted, code], [1, 2, 3, 'ERR_WORKER']);
    t.regex(String(reason), /struck down by the test/);
    t.deepEqual(await answers(server), expected);
    await server.logged('the DNS worker is back');
    t.is(await workersOf(server), '3 of 3 alive');
    t.deepEqual(await answers(server), expected);
  } finally {
    t.is(await server.stop(), 0);
  }
});

testUnless(alone, 'a reload while a worker is dead reaches its successor', async (t) => {
  const directory = demoDirectory();
  editConfig(directory, ['workers: 0', 'workers: 2']);
  const server = await startServer(directory, { env });
  try {
    server.signal('SIGURG');
    await server.logged('a DNS worker died; starting another');
    server.signal('SIGHUP');
    await server.logged('reloaded');
    await server.logged('the DNS worker is back');
    t.is(await workersOf(server), '2 of 2 alive');
  } finally {
    t.is(await server.stop(), 0);
  }
});
