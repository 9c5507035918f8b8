// The packages that the machine is given: Meridian as `npm run package:deb` makes it, a newer one, one whose program cannot start, and
// this Node as the package nodejs, for Debian's own may be older than Meridian needs.

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../compose/stack.ts';
import { ROOT } from '../support/paths.ts';

const BUILD_LIMIT_MS = 600_000;
export const FIRST_VERSION = (JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { version: string }).version;
export const NEWER_VERSION = `${FIRST_VERSION}.1`;
export const BROKEN_VERSION = `${FIRST_VERSION}.2`;

async function must(command: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runCommand(command, process.env, BUILD_LIMIT_MS);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with code ${code}:\n${stdout}${stderr}`);
  return stdout.trim();
}

const build = (folder: string, file: string): Promise<string> =>
  must(['dpkg-deb', '--root-owner-group', '-Zgzip', '-z1', '--build', folder, file]);

/** Writes nodejs.deb, first.deb, newer.deb and broken.deb into `out`. */
export async function makePackages(work: string, out: string): Promise<void> {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const printed = await must([process.execPath, join(ROOT, '.ci/package-deb.mjs'), '--out', work]);
  const first = printed.split('\n').at(-1)!;
  cpSync(first, join(out, 'first.deb'));

  const stage = join(work, 'stage');
  rmSync(stage, { recursive: true, force: true });
  await must(['dpkg-deb', '-R', first, stage]);
  const control = readFileSync(join(stage, 'DEBIAN/control'), 'utf8');
  const manifest = join(stage, 'usr/lib/meridian/package.json');
  const text = readFileSync(manifest, 'utf8');
  for (const [name, version] of [
    ['newer', NEWER_VERSION],
    ['broken', BROKEN_VERSION],
  ] as const) {
    writeFileSync(join(stage, 'DEBIAN/control'), control.replace(/^Version: .*$/m, `Version: ${version}`));
    writeFileSync(manifest, text.replace(`"version": "${FIRST_VERSION}"`, `"version": "${version}"`));
    if (name === 'broken')
      writeFileSync(join(stage, 'usr/lib/meridian/dist/src/app/main.js'), 'throw new Error("broken on purpose");\n');
    await build(stage, join(out, `${name}.deb`));
  }
  rmSync(stage, { recursive: true });

  const node = join(work, 'nodejs');
  mkdirSync(join(node, 'DEBIAN'), { recursive: true });
  mkdirSync(join(node, 'usr/bin'), { recursive: true });
  cpSync(process.execPath, join(node, 'usr/bin/node'));
  const architecture = /^Architecture: .*$/m.exec(control)![0];
  writeFileSync(
    join(node, 'DEBIAN/control'),
    `Package: nodejs\nVersion: ${process.versions.node}\n${architecture}\nMaintainer: Meridian <meridian@localhost>\nDescription: Node of the machine that tests\n`,
  );
  await must(['dpkg-deb', '--root-owner-group', '-Znone', '--build', node, join(out, 'nodejs.deb')]);
  rmSync(node, { recursive: true });
}
