// Builds the native parts with what npm brings along (node-gyp) and a C++ compiler. Run by npm at install and by .ci/bootstrap.mjs;
// instant when nothing changed. An addon that came with the package and fits is taken as it is (prebuilt.mjs). A machine without
// a compiler is no failure: native/build/ then holds the reason, the server prints it when it starts, and answers over node:dgram.
//   node native/build.mjs              the addons, native/build/{packet-io,fleet,relay}.node; the exit code is 0 whatever happens
//   node native/build.mjs --force      the same, even if it failed or is there already
//   node native/build.mjs --echo       the yardstick of the benchmarks, native/build/echo
//   node native/build.mjs --sanitize   compiles and runs the tests of the core under address and undefined-behaviour sanitizers
//   node native/build.mjs --sanitize-fleet   the same for the fleet aggregator, and under the thread sanitizer
//   node native/build.mjs --sanitize-relay   the same as --sanitize for the relay of layer 4

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findPrebuilt, sourcesOf } from './prebuilt.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const output = join(here, 'build');

/** What is built, each from its own folder. `without` says what happens if it cannot be. */
const ADDONS = [
  {
    folder: 'packet-io',
    product: 'packet_io.node',
    what: 'the packet addon',
    without: 'the server answers without it, at a higher cost per query',
    files: { stamp: 'stamp', reason: 'reason', log: 'build.log' },
  },
  {
    folder: 'fleet',
    product: 'fleet.node',
    what: 'the fleet addon',
    without: 'results are aggregated in TypeScript, several times slower',
    files: { stamp: 'fleet.stamp', reason: 'fleet.reason', log: 'fleet.log' },
  },
  {
    folder: 'relay',
    product: 'relay.node',
    what: 'the relay addon',
    without: 'layer 4 of the site agent works without it, at a higher cost per connection',
    files: { stamp: 'relay.stamp', reason: 'relay.reason', log: 'relay.log' },
  },
];

const WARNINGS = ['-std=c++17', '-Wall', '-Wextra', '-Wshadow', '-Wconversion'];
/** The core of packet-io, for its tests. */
const PACKET_CORE = ['open', 'batch', 'trains', 'watch'].map((name) => `core/${name}.cc`);
const COMPILE_TIMEOUT_MS = 300_000;

const read = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '');

/** Puts a file in place at once: a server may have the old one mapped. */
function replaceFile(file, write) {
  write(`${file}.${process.pid}`);
  renameSync(`${file}.${process.pid}`, file);
}

function filesUnder(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

function findProgram(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {}
  }
  return undefined;
}

const compiler = () =>
  [process.env.CXX, 'c++', 'g++', 'clang++'].find((name) => name && (existsSync(name) || findProgram(name) !== undefined));

/** npm tells its scripts where its node-gyp is; without npm around us it is beside the npm on PATH. */
function nodeGyp() {
  const npm = findProgram('npm');
  const besideNpm = npm && join(dirname(realpathSync(npm)), '../node_modules/node-gyp/bin/node-gyp.js');
  return [process.env.npm_config_node_gyp, besideNpm].find((path) => path && existsSync(path));
}

/** Where the headers of this Node are, if they came with it; node-gyp fetches them otherwise. */
function headers() {
  const prefix = process.env.npm_config_nodedir || join(dirname(realpathSync(process.execPath)), '..');
  return existsSync(join(prefix, 'include/node/node_api.h')) ? [`--nodedir=${prefix}`] : [];
}

/** Why it cannot even be tried, if so. */
function obstacle(gyp) {
  if (process.platform !== 'linux') return `it is for Linux, and this is ${process.platform}`;
  if (compiler() === undefined) return 'there is no C++ compiler';
  if (findProgram('make') === undefined) return 'there is no make';
  if (findProgram('python3') === undefined) return 'there is no python3, which node-gyp needs';
  if (gyp === undefined) return 'there is no node-gyp, which comes with npm';
  return undefined;
}

function compileAddon(gyp, { folder, product, files }) {
  const source = join(here, folder);
  const args = [gyp, 'rebuild', `--directory=${source}`, '--jobs=2', ...headers()];
  const run = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: COMPILE_TIMEOUT_MS, cwd: source });
  const log = `${run.stdout ?? ''}${run.stderr ?? ''}`;
  replaceFile(join(output, files.log), (file) => writeFileSync(file, log));
  const built = join(source, 'build/Release', product);
  if (run.status === 0 && existsSync(built)) {
    replaceFile(join(output, `${folder}.node`), (file) => copyFileSync(built, file));
    return undefined;
  }
  const error = /error: .*/i.exec(log)?.[0] ?? /gyp ERR! stack Error: (.*)/.exec(log)?.[1] ?? run.error?.message;
  return `compiling failed (${error ?? `code ${run.status}`}; see native/build/${files.log})`;
}

/** What the addon was built from, and which file that gave: one that was put there from elsewhere since is built anew. */
const sealOf = (stamp, binary) =>
  existsSync(binary) ? `${stamp} ${createHash('sha256').update(readFileSync(binary)).digest('hex')}` : stamp;

function buildAddon(addon, isForced) {
  mkdirSync(output, { recursive: true });
  const { folder, what, without, files } = addon;
  const [binary, stampFile, reasonFile] = [`${folder}.node`, files.stamp, files.reason].map((name) => join(output, name));
  const gyp = nodeGyp();
  const problem = obstacle(gyp);
  const prebuilt = isForced ? undefined : findPrebuilt(folder);
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${problem} ${prebuilt}`);
  for (const file of [...sourcesOf(folder), fileURLToPath(import.meta.url)]) hash.update(readFileSync(file));
  const stamp = hash.digest('hex');
  if (!isForced && read(stampFile) === sealOf(stamp, binary) && (existsSync(binary) || existsSync(reasonFile))) return;
  if (prebuilt !== undefined) {
    replaceFile(binary, (file) => copyFileSync(prebuilt, file));
    rmSync(reasonFile, { force: true });
    replaceFile(stampFile, (file) => writeFileSync(file, sealOf(stamp, binary)));
    return;
  }
  if (problem === undefined) console.error(`meridian: compiling ${what} ...`);
  const reason = problem ?? compileAddon(gyp, addon);
  if (reason === undefined) rmSync(reasonFile, { force: true });
  else {
    rmSync(binary, { force: true });
    replaceFile(reasonFile, (file) => writeFileSync(file, `${reason}\n`));
    console.error(`meridian: ${what} was not built: ${reason}; ${without}`);
  }
  replaceFile(stampFile, (file) => writeFileSync(file, sealOf(stamp, binary)));
}

/** Compiles one program from sources of an addon unless it is newer than all of them; ends this process if that fails. */
function buildProgram(name, sources, options, project = join(here, 'packet-io')) {
  mkdirSync(output, { recursive: true });
  const program = join(output, name);
  const modified = (file) => statSync(file).mtimeMs;
  const inputs = [
    ...filesUnder(join(project, 'core')),
    ...filesUnder(join(project, 'test')),
    ...filesUnder(join(here, 'test')),
    ...sources.map((source) => join(project, source)),
  ];
  if (existsSync(program) && inputs.every((file) => modified(file) < modified(program))) return program;
  const args = [...WARNINGS, '-Werror', ...options, '-o', `${program}.new`, ...sources.map((source) => join(project, source))];
  const { status, error } = spawnSync(compiler() ?? 'c++', args, { stdio: 'inherit', timeout: COMPILE_TIMEOUT_MS });
  if (status !== 0) {
    console.error(`meridian: ${name} was not compiled${error === undefined ? '' : `: ${error.message}`}`);
    process.exit(1);
  }
  renameSync(`${program}.new`, program);
  return program;
}

const SANITIZERS = ['-g', '-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-fno-omit-frame-pointer'];

/** The tests of a core: each `NAME_test.cc` is a program of its own. A warning of the addon's last compilation fails them too. */
function sanitize(folder, prefix, names, sources, log) {
  const statuses = names.map((name) => {
    const program = buildProgram(`${prefix}${name}-test`, [...sources, `test/${name}_test.cc`], SANITIZERS, join(here, folder));
    return spawnSync(program, { stdio: 'inherit', timeout: COMPILE_TIMEOUT_MS }).status;
  });
  const warnings = read(join(output, log)).match(/warning: .*/g) ?? [];
  for (const warning of warnings) console.error(`native/build/${log}: ${warning}`);
  process.exit(statuses.every((status) => status === 0) && warnings.length === 0 ? 0 : 1);
}

/**
 * The fleet core twice: with OpenMP under the address and undefined-behaviour sanitizers; and with its std::thread back end
 * under the thread sanitizer, which takes the barriers of libgomp for races.
 */
function sanitizeFleet() {
  const fleet = join(here, 'fleet');
  const sources = ['core/aggregator.cc', 'core/block.cc', 'core/numa.cc', 'test/core_test.cc'].map((name) => join(fleet, name));
  const common = [...WARNINGS, '-Werror', '-g', '-O1', '-fno-omit-frame-pointer', '-pthread', '-ldl'];
  const runs = {
    'fleet-asan': ['-fopenmp', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'],
    'fleet-tsan': ['-DFLEET_STD_THREADS', '-fsanitize=thread'],
  };
  mkdirSync(output, { recursive: true });
  let failures = 0;
  for (const [name, options] of Object.entries(runs)) {
    const program = join(output, name);
    const compiled = spawnSync(compiler() ?? 'c++', [...options, ...sources, '-o', program, ...common], { stdio: 'inherit' });
    // older runtimes of the thread sanitizer know no more than 28 random bits of an address
    const command = findProgram('setarch') === undefined ? [program] : ['setarch', '-R', program];
    const ran = compiled.status === 0 ? spawnSync(command[0], command.slice(1), { stdio: 'inherit' }) : compiled;
    console.error(`meridian: ${name}: ${ran.status === 0 ? 'passed' : 'failed'}`);
    if (ran.status !== 0) failures++;
  }
  const warnings = read(join(output, 'fleet.log')).match(/warning: .*/g) ?? [];
  for (const warning of warnings) console.error(`native/build/fleet.log: ${warning}`);
  process.exit(failures === 0 && warnings.length === 0 ? 0 : 1);
}

const mode = process.argv[2];
if (mode === '--echo') buildProgram('echo', ['bench/echo.cc'], ['-O2']);
else if (mode === '--sanitize') sanitize('packet-io', '', ['core', 'trains', 'watch'], PACKET_CORE, 'build.log');
else if (mode === '--sanitize-fleet') sanitizeFleet();
else if (mode === '--sanitize-relay')
  sanitize('relay', 'relay-', ['core', 'burden'], ['core/passage.cc', 'core/relay.cc', 'core/sockets.cc'], 'relay.log');
else if (process.env.MERIDIAN_NATIVE !== 'off') {
  for (const addon of ADDONS) {
    if (!existsSync(join(here, addon.folder, 'binding.gyp'))) continue;
    try {
      buildAddon(addon, mode === '--force');
    } catch (error) {
      console.error(`meridian: ${addon.what} was not built: ${error.message}; ${addon.without}`);
    }
  }
}
