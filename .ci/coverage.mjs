// Runs the unit tests, and those against real Redis servers, once under c8 and holds each folder to its floor of line coverage.

import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';

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
// One report for all folders: reading what the tests left behind takes longer than counting it.
const includes = Object.keys(FLOOR).flatMap((folder) => ['--include', `src/${folder}/**`]);
if (npx(['c8', 'report', '--temp-directory', raw, '--exclude-after-remap', '--reporter', 'json-summary', ...includes]) !== 0) {
  failed = true;
}
const summary = JSON.parse(readFileSync('coverage/coverage-summary.json', 'utf8'));
for (const [folder, floor] of Object.entries(FLOOR)) {
  const files = Object.entries(summary).filter(([file]) => file.includes(`/src/${folder}/`));
  const [covered, total] = ['covered', 'total'].map((key) => files.reduce((sum, [, { lines }]) => sum + lines[key], 0));
  const isLow = total === 0 || covered * 100 < total * floor;
  console.log(
    `${folder}: ${covered} of ${total} lines, ${((100 * covered) / total).toFixed(2)} %, at least ${floor} %${isLow ? ': TOO FEW' : ''}`,
  );
  if (!isLow) continue;
  failed = true;
  for (const [file, { lines }] of files)
    if (lines.covered < lines.total) console.log(`  ${file}: ${lines.total - lines.covered} not covered`);
  console.log(
    `  which ones: npx c8 report --temp-directory ${raw} --exclude-after-remap --include 'src/${folder}/**' --reporter text`,
  );
}
process.exit(failed ? 1 : 0);
