// The proof of the package and its units under a real systemd (docs/deploy.md): `npm run test:systemd`. Makes the package, boots a small
// Debian in namespaces of its own, does there what an operator does, and leaves nothing behind but the files in MERIDIAN_SYSTEMD_DIR
// (default: a folder of the system's for temporary files), from which the next run begins. Where it cannot run it says why: exit code 3.

import { execFileSync, spawn } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ledger } from '../drill/ledger.ts';
import { enterPrivateNetwork } from '../drill/private-network.ts';
import { REDIS_PORT } from './files.ts';
import { Machine, makeRoot, whyNoMachine } from './machine.ts';
import { makePackages } from './packages.ts';
import { Proof } from './proof.ts';

const WORK = process.env['MERIDIAN_SYSTEMD_DIR'] ?? join(tmpdir(), 'meridian-systemd');
const CANNOT_RUN = 3;
const LIMIT_MS = 2_400_000;

const pristine = join(WORK, 'debian');
const packages = join(WORK, 'packages');
const reason = whyNoMachine();
if (reason !== undefined) {
  console.error(`test:systemd cannot run here: ${reason}`);
  process.exit(CANNOT_RUN);
}
if (process.env['MERIDIAN_DRILL_NETWORK'] === undefined) {
  await makeRoot(pristine);
  await makePackages(WORK, packages);
}
const network = await enterPrivateNetwork();
if (!network.isInside) {
  console.error(`test:systemd cannot run here: ${network.reason}`);
  process.exit(CANNOT_RUN);
}
execFileSync('ip', ['link', 'set', 'lo', 'up']);
setTimeout(() => {
  console.error(`test:systemd is not done after ${LIMIT_MS / 60_000} minutes`);
  process.exit(1); // and all in our namespace with us
}, LIMIT_MS).unref();

const root = join(WORK, 'machine');
rmSync(root, { recursive: true, force: true });
execFileSync('cp', ['-a', pristine, root]);
cpSync(packages, join(root, 'packages'), { recursive: true });
const redis = spawn('redis-server', ['--port', String(REDIS_PORT), '--save', '', '--appendonly', 'no'], { stdio: 'ignore' });
const ledger = new Ledger((line) => console.log(line));
const machine = new Machine(root);
try {
  await machine.boot();
  ledger.note(`${await machine.must('systemctl', '--version').then((text) => text.split(/\s+\(/)[0]!)} has booted`);
  await new Proof(machine, ledger).run();
} catch (error) {
  const { stdout } = await machine.run(['journalctl', '-n', '60', '-o', 'cat', '--no-pager', '-u', 'meridian*']);
  console.error(stdout);
  throw error;
} finally {
  ledger.printTable();
  await machine.shutDown();
  redis.kill();
  rmSync(root, { recursive: true, force: true });
}
process.exitCode = ledger.isMet ? 0 : 1;
