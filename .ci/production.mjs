// What a package of Meridian consists of, whatever its format: the compiled program, the dashboard, data, and the packages that it
// needs at run time. Only what is in the sources now: dist/ may still hold what was compiled from files that are gone.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const filesUnder = (folder) =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();

/** Folders of the packages of package-lock.json that are needed at run time and are there: some are for other systems. */
export function productionPackages() {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  return Object.entries(packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional && existsSync(path))
    .map(([path]) => path)
    .sort();
}

/** Files of the program itself, relative to the checkout; compiled before. */
export function programFiles() {
  const compiled = filesUnder('src')
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .map((file) => join('dist', file.replace(/\.ts$/, '.js')));
  const dashboard = existsSync('dist/dashboard') ? filesUnder('dist/dashboard') : [];
  return ['package.json', 'LICENSE', 'NOTICE', ...compiled, ...dashboard];
}

/** Files of those packages, without the packages inside them, which are listed themselves. */
export function packageFiles() {
  const folders = productionPackages();
  return folders.flatMap((folder) =>
    filesUnder(folder).filter((file) => !file.slice(folder.length + 1).includes('node_modules/')),
  );
}
