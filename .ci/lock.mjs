// Writes package-lock.json anew from package.json: without download addresses (which registry serves a package is the affair
// of the machine that installs it), and complete for every platform. npm leaves out optional packages that the registry at hand
// does not serve, and `npm ci` then refuses the file; they are added here by name and version. With --check, only looks.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const file = 'package-lock.json';
const OS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'openbsd', 'netbsd', 'sunos', 'aix', 'win32'];
const CPU = ['arm64', 'arm', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64', 'mips64el', 'wasm32'];

if (process.argv.includes('--check')) {
  const addresses = readFileSync(file, 'utf8').match(/"resolved": "http/g)?.length ?? 0;
  if (addresses > 0) console.error(`${file} records ${addresses} download addresses; run: npm run lock`);
  process.exit(addresses > 0 ? 1 : 0);
}

const args = ['install', '--package-lock-only', '--ignore-scripts', '--omit-lockfile-registry-resolved=false'];
const { status } = spawnSync('npm', args, { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);
const lock = JSON.parse(readFileSync(file, 'utf8'));
for (const entry of Object.values(lock.packages)) {
  if (entry.resolved?.startsWith('http')) delete entry.resolved;
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    const words = name.split(/[^a-z0-9]+/);
    const only = (known) => words.filter((word) => known.includes(word));
    lock.packages[`node_modules/${name}`] ??= {
      version: range.replace(/^[~^]/, ''),
      cpu: words.includes('arm') || words.includes('armv7') ? ['arm'] : only(CPU),
      ...(entry.dev ? { dev: true } : {}),
      optional: true,
      os: only(OS),
      ...(words.some((word) => word.startsWith('musl')) ? { libc: ['musl'] } : {}),
    };
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
