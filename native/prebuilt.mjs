// Addons that came with the package, ready for use: native/prebuilt/PLATFORM-ARCHITECTURE/NAME.node, each beside the hash of the
// sources that it was built from. Used only if those are the sources that are here, and if it loads: the C library may be an older one.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const LOAD_TIMEOUT_MS = 30_000;

export const ADDON_NAMES = ['packet-io', 'fleet', 'relay'];
export const prebuiltFolder = join(here, 'prebuilt', `${process.platform}-${process.arch}/`);

function filesUnder(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

/** Files that an addon is built from. */
export function sourcesOf(name) {
  const beside = readdirSync(join(here, name)).filter((file) => /\.(?:gyp|cc|h)$/.test(file));
  return [...beside.sort().map((file) => join(here, name, file)), ...filesUnder(join(here, name, 'core'))];
}

export function sourceHash(name) {
  const hash = createHash('sha256');
  for (const file of sourcesOf(name)) hash.update(readFileSync(file));
  return hash.digest('hex');
}

/** The prebuilt addon, if there is one that can be used here. */
export function findPrebuilt(name) {
  const file = `${prebuiltFolder}${name}.node`;
  const note = `${prebuiltFolder}${name}.sources`;
  if (!existsSync(file) || !existsSync(note) || readFileSync(note, 'utf8').trim() !== sourceHash(name)) return undefined;
  const load = spawnSync(process.execPath, ['-e', 'require(process.argv[1])', file], { timeout: LOAD_TIMEOUT_MS });
  return load.status === 0 ? file : undefined;
}
