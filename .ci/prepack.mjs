// Before `npm pack`: puts the addons that were built here into native/prebuilt/, from where native/build.mjs takes them on a machine
// like this one; on any other it builds them. `--clean` (after packing) takes them away again.

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ADDON_NAMES, prebuiltFolder, sourceHash } from '../native/prebuilt.mjs';

process.chdir(fileURLToPath(new URL('../', import.meta.url)));
rmSync('native/prebuilt', { recursive: true, force: true });
if (process.argv[2] !== '--clean') {
  const { status } = spawnSync(process.execPath, ['.ci/bootstrap.mjs'], { stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(1);
  mkdirSync(prebuiltFolder, { recursive: true });
  for (const name of ADDON_NAMES) {
    const file = `native/build/${name}.node`;
    if (!existsSync(file)) continue;
    copyFileSync(file, `${prebuiltFolder}${name}.node`);
    writeFileSync(`${prebuiltFolder}${name}.sources`, `${sourceHash(name)}\n`);
  }
}
