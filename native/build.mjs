// Builds the native parts with what npm brings along (node-gyp) and a C++ compiler. Run by npm at install and by .ci/bootstrap.mjs;
// instant when nothing changed. A machine without a compiler is no failure: native/build/ then holds the reason, the server
// prints it when it starts, and answers over node:dgram.
//   node native/build.mjs              the addon, native/build/packet-io.node; the exit code is 0 whatever happens
//   node native/build.mjs --force      the same, even if it failed or is there already
//   node native/build.mjs --echo       the yardstick of the benchmarks, native/build/echo
//   node native/build.mjs --sanitize   compiles and runs the tests of the core under address and undefined-behaviour sanitizers

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

const here = fileURLToPath(new URL('.', import.meta.url));
const project = join(here, 'packet-io');
const output = join(here, 'build');
const addon = join(output, 'packet-io.node');
const stampFile = join(output, 'stamp');
const reasonFile = join(output, 'reason');
const logFile = join(output, 'build.log');

const WARNINGS = ['-std=c++17', '-Wall', '-Wextra', '-Wshadow', '-Wconversion'];
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

function compileAddon(gyp) {
  const args = [gyp, 'rebuild', `--directory=${project}`, '--jobs=2', ...headers()];
  const run = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: COMPILE_TIMEOUT_MS, cwd: project });
  const log = `${run.stdout ?? ''}${run.stderr ?? ''}`;
  replaceFile(logFile, (file) => writeFileSync(file, log));
  const built = join(project, 'build/Release/packet_io.node');
  if (run.status === 0 && existsSync(built)) {
    replaceFile(addon, (file) => copyFileSync(built, file));
    return undefined;
  }
  const error = /error: .*/i.exec(log)?.[0] ?? /gyp ERR! stack Error: (.*)/.exec(log)?.[1] ?? run.error?.message;
  return `compiling failed (${error ?? `code ${run.status}`}; see native/build/build.log)`;
}

function buildAddon(isForced) {
  if (process.env.MERIDIAN_NATIVE === 'off') return;
  mkdirSync(output, { recursive: true });
  const gyp = nodeGyp();
  const problem = obstacle(gyp);
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${problem}`);
  const sources = [
    join(project, 'binding.gyp'),
    join(project, 'binding.cc'),
    join(project, 'port.h'),
    join(project, 'port.cc'),
    ...filesUnder(join(project, 'core')),
  ];
  for (const file of [...sources, fileURLToPath(import.meta.url)]) hash.update(readFileSync(file));
  const stamp = hash.digest('hex');
  if (!isForced && read(stampFile) === stamp && (existsSync(addon) || existsSync(reasonFile))) return;
  if (problem === undefined) console.error('meridian: compiling the packet addon ...');
  const reason = problem ?? compileAddon(gyp);
  if (reason === undefined) rmSync(reasonFile, { force: true });
  else {
    rmSync(addon, { force: true });
    replaceFile(reasonFile, (file) => writeFileSync(file, `${reason}\n`));
    console.error(
      `meridian: the packet addon was not built: ${reason}; the server answers without it, at a higher cost per query`,
    );
  }
  replaceFile(stampFile, (file) => writeFileSync(file, stamp));
}

/** Compiles one program from sources below packet-io/ unless it is newer than all of them; ends this process if that fails. */
function buildProgram(name, sources, options) {
  mkdirSync(output, { recursive: true });
  const program = join(output, name);
  const modified = (file) => statSync(file).mtimeMs;
  const inputs = [
    ...filesUnder(join(project, 'core')),
    ...filesUnder(join(project, 'test')),
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

function sanitize() {
  const options = ['-g', '-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-fno-omit-frame-pointer'];
  const program = buildProgram('core-test', ['core/open.cc', 'core/batch.cc', 'test/core_test.cc'], options);
  const { status } = spawnSync(program, { stdio: 'inherit', timeout: COMPILE_TIMEOUT_MS });
  const warnings = read(logFile).match(/warning: .*/g) ?? [];
  for (const warning of warnings) console.error(`native/build/build.log: ${warning}`);
  process.exit(status === 0 && warnings.length === 0 ? 0 : 1);
}

const mode = process.argv[2];
if (mode === '--echo') buildProgram('echo', ['bench/echo.cc'], ['-O2']);
else if (mode === '--sanitize') sanitize();
else {
  try {
    buildAddon(mode === '--force');
  } catch (error) {
    console.error(`meridian: the packet addon was not built: ${error.message}; the server answers without it`);
  }
}
