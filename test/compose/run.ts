// The proof of docker-compose.yml (docs/compose.md): `npm run test:compose`. Builds the images, starts the stack, lets a site, the master
// of Redis and a region fail and come back while every server is asked all the time from inside, and takes everything down. Where no
// Docker engine answers it starts one of its own; where base images are missing it makes stand-ins (root, dockerd, debootstrap).
//   --pull    takes base images from a registry instead of making stand-ins
//   --keep    leaves the stack up

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ledger } from '../drill/ledger.ts';
import { waitFor } from '../drill/wait.ts';
import { findEngine, standIns } from './engine.ts';
import { Proof } from './proof.ts';
import { Stack } from './stack.ts';

const WORK = process.env['MERIDIAN_COMPOSE_DIR'] ?? join(tmpdir(), 'meridian-compose');
const BUILD_LIMIT_MS = 1_200_000;
const START_LIMIT_MS = 180_000;

const ledger = new Ledger((line) => console.log(line));
const engine = await findEngine(WORK);
try {
  const environment = process.argv.includes('--pull') ? engine.environment : await standIns(WORK, engine.environment);
  const stack = new Stack(environment);
  ledger.note('base images are there; building');
  await stack.build(BUILD_LIMIT_MS);
  ledger.note('images built; starting the stack');
  try {
    await stack.up();
    const proof = new Proof(stack, ledger);
    ledger.within(
      'from compose up to right answers everywhere',
      await waitFor(() => proof.isWhole(), START_LIMIT_MS),
      START_LIMIT_MS,
    );
    await proof.run();
    proof.close();
    ledger.printTable();
  } catch (error) {
    console.error(await stack.compose(['logs', '--tail', '20']));
    throw error;
  } finally {
    if (!process.argv.includes('--keep')) {
      await stack.down();
      ledger.note('the stack is down');
    }
  }
} finally {
  if (!process.argv.includes('--keep')) await engine.stop();
}
process.exitCode = ledger.isMet ? 0 : 1;
