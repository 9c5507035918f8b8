// Runs the unit tests, and those against real Redis servers, once under c8 and holds each folder to its floor of line coverage.

import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';

/** folder of src/ -> least share of lines covered, percent. */
const FLOOR = {
  wire: 100,
  zone: 100,
  steering: 100,
  health: 100,
  balance: 100,
  base: 95,
  addon: 95,
  geo: 90,
  responder: 95,
  transfer: 95,
  config: 90,
  transport: 85,
  mesh: 90,
  fleet: 95,
  sim: 85,
  drill: 90,
  probe: 90,
  site: 90,
  migrate: 90,
  admin: 90,
  watch: 90,
};

const raw = 'coverage/raw';
const npx = (args, env = {}) =>
  spawnSync('npx', args, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } }).status;

/** Meshes, relays and elections work in real time: a machine that stands still meanwhile gets a second go, in plain sight. */
function testTwice(what, args, env = {}) {
  const run = () => npx(['c8', '--temp-directory', raw, '--clean=false', '--reporter', 'none', 'ava', ...args], env);
  if (run() === 0) return true;
  console.log(`\nREPEATED: ${what} failed; they run once more\n`);
  return run() === 0;
}

rmSync('coverage', { recursive: true, force: true });
let failed = !testTwice('unit tests', ['dist/test/unit/**/*.test.js']);
if (!testTwice('the tests against real Redis servers', [], { MERIDIAN_TESTS: 'redis' })) failed = true;
for (const [folder, lines] of Object.entries(FLOOR)) {
  const check = [
    ...['c8', 'report', '--temp-directory', raw, '--exclude-after-remap', '--include', `src/${folder}/**`],
    ...['--reporter', lines === 100 ? 'text' : 'text-summary'],
  ];
  console.log(`\n${folder}: at least ${lines} % of lines`);
  if (
    npx([...check, '--check-coverage', '--lines', String(lines), '--functions', '0', '--branches', '0', '--statements', '0']) !==
    0
  )
    failed = true;
}
process.exit(failed ? 1 : 0);
