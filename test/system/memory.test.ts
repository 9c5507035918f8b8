// What a server keeps in memory after it has let go of something large.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { demoDirectory, editConfig, meridian, startServer } from '../support/server.ts';

const NAMES = 150_000;
const MEBI = 1024 * 1024;
/** Octets of the image of such a zone, about. */
const IMAGE_SIZE = 14 * MEBI;
const RELOADS = 8;

const linesOf = (names: number): string =>
  Array.from({ length: names }, (_, i) => `h${i} A 10.${i >> 16}.${(i >> 8) & 255}.${i & 255}\n`).join('');

function residentSize(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;
}

test('the images of zones that were replaced do not stay', async (t) => {
  const directory = demoDirectory();
  editConfig(directory, ['workers: 0', 'workers: 1']);
  const zone = join(directory, 'example.test.zone');
  const before = readFileSync(zone, 'utf8');
  const names = linesOf(NAMES);
  const server = await startServer(directory);
  try {
    const reload = async (round: number): Promise<void> => {
      writeFileSync(zone, `${before}\nround TXT "${round}"\n${names}`);
      t.is((await meridian(['reload', '--config', server.config])).code, 0);
    };
    await reload(1);
    const first = residentSize(server.pid);
    for (let round = 2; round <= RELOADS; round++) await reload(round);
    const grown = residentSize(server.pid) - first;
    // One may wait to be collected in each of the two threads that know it, and one be on its way.
    t.true(grown < 4 * IMAGE_SIZE, `grew by ${Math.round(grown / MEBI)} MiB with ${RELOADS - 1} reloads`);
  } finally {
    t.is(await server.stop(), 0);
  }
});
