// Makes a fresh clone runnable: installs packages when package-lock.json changed, compiles when a source changed, in C++ only
// where there is a compiler.
// Instant when nothing did. Run by `npm start`, `npm test` and their like; needs nothing but Node and npm.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
process.chdir(root);

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Meridian needs Node 20.19 or newer; this is ${process.version}.`);
  process.exit(1);
}

const hash = (text) => createHash('sha256').update(text).digest('hex');
const read = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '');

function run(what, command, args) {
  console.error(`meridian: ${what} ...`);
  const { status } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) {
    console.error(`meridian: ${what} failed (${command} ${args.join(' ')})`);
    process.exit(1);
  }
}

function isWritable(folder) {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function filesIn(folder, found = []) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) filesIn(path, found);
    else found.push(path);
  }
  return found;
}

// Packages. The stamp lives inside node_modules, so that deleting the folder is enough to start over.
const packagesStamp = 'node_modules/.meridian-packages';
const packagesWanted = hash(read('package-lock.json') + process.versions.modules);
if (read(packagesStamp) !== packagesWanted) {
  // A user without a home (a service account, a container) has no place for npm's cache: then it gets one for now.
  const cache = process.env.npm_config_cache ?? join(homedir(), '.npm');
  const spare = isWritable(cache) ? null : mkdtempSync(join(tmpdir(), 'meridian-npm-'));
  if (spare !== null) {
    console.error(
      `meridian: npm's cache ${cache} cannot be written; one in ${tmpdir()} is used now (for npx too: export npm_config_cache=DIRECTORY)`,
    );
    process.env.npm_config_cache = spare;
  }
  run('installing packages', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  if (spare !== null) rmSync(spare, { recursive: true });
  writeFileSync(packagesStamp, packagesWanted);
}

// The native addons. Says in one line why not, if one cannot be built; neither is needed.
spawnSync(process.execPath, ['native/build.mjs'], { stdio: ['ignore', 'inherit', 'inherit'] });

// Names, sizes and times of files stand for their content.
const facts = (files) => files.map((file) => `${file} ${statSync(file).size} ${statSync(file).mtimeMs}`);

// Code.
const sources = ['src', 'test', 'bench']
  .flatMap((folder) => (existsSync(folder) ? filesIn(folder) : []))
  .filter((file) => file.endsWith('.ts'));
const buildStamp = 'dist/.stamp';
const buildWanted = hash([read('tsconfig.json'), packagesWanted, ...facts(sources)].join('\n'));
if (read(buildStamp) !== buildWanted) {
  run('compiling', process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.']);
  // What a deleted source left behind would still be run as a test.
  const expected = new Set(sources.map((file) => join('dist', file.replace(/\.ts$/, '.js'))));
  const emitted = ['dist/src', 'dist/test', 'dist/bench'].flatMap((folder) => (existsSync(folder) ? filesIn(folder) : []));
  for (const file of emitted) if (file.endsWith('.js') && !expected.has(file)) rmSync(file);
  writeFileSync(buildStamp, buildWanted);
}

// The dashboard, where there is what builds it (a development dependency).
if (existsSync('dashboard') && existsSync('node_modules/vite')) {
  const dashboardStamp = 'dist/.stamp-dashboard';
  const dashboardWanted = hash([packagesWanted, ...facts(filesIn('dashboard'))].join('\n'));
  if (read(dashboardStamp) !== dashboardWanted || !existsSync('dist/dashboard/index.html')) {
    const vite = ['node_modules/vite/bin/vite.js', 'build', '--config', 'dashboard/vite.config.ts'];
    run('building the dashboard', process.execPath, vite);
    writeFileSync(dashboardStamp, dashboardWanted);
  }
}

// `npx meridian` finds the command of this checkout.
const link = 'node_modules/.bin/meridian';
if (!existsSync(link)) {
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync('../../.ci/meridian.mjs', link);
}
