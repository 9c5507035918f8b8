// Makes a fresh clone runnable: installs packages when package-lock.json changed, compiles when a source changed, in C++ only
// where there is a compiler.
// Instant when nothing did. Run by `npm start`, `npm test` and their like; needs nothing but Node and npm.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
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

function sourceFiles(folder, found = []) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) sourceFiles(path, found);
    else if (path.endsWith('.ts')) found.push(path);
  }
  return found;
}

// Packages. The stamp lives inside node_modules, so that deleting the folder is enough to start over.
const packagesStamp = 'node_modules/.meridian-packages';
const packagesWanted = hash(read('package-lock.json') + process.versions.modules);
if (read(packagesStamp) !== packagesWanted) {
  run('installing packages', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(packagesStamp, packagesWanted);
}

// The native addons. Says in one line why not, if one cannot be built; neither is needed.
spawnSync(process.execPath, ['native/build.mjs'], { stdio: ['ignore', 'inherit', 'inherit'] });

// Code. Names, sizes and times of all sources stand for their content.
const sources = ['src', 'test', 'bench'].flatMap((folder) => (existsSync(folder) ? sourceFiles(folder) : []));
const buildStamp = 'dist/.stamp';
const buildWanted = hash(
  [
    read('tsconfig.json'),
    packagesWanted,
    ...sources.map((file) => `${file} ${statSync(file).size} ${statSync(file).mtimeMs}`),
  ].join('\n'),
);
if (read(buildStamp) !== buildWanted) {
  run('compiling', process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.']);
  // What a deleted source left behind would still be run as a test.
  const expected = new Set(sources.map((file) => join('dist', file.replace(/\.ts$/, '.js'))));
  const emitted = (folder) =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? emitted(join(folder, entry.name)) : [join(folder, entry.name)],
    );
  for (const file of emitted('dist')) if (file.endsWith('.js') && !expected.has(file)) rmSync(file);
  writeFileSync(buildStamp, buildWanted);
}

// `npx meridian` finds the command of this checkout.
const link = 'node_modules/.bin/meridian';
if (!existsSync(link)) {
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync('../../.ci/meridian.mjs', link);
}
