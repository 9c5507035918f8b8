// `npm run package:deb`: a Debian package, made with dpkg-deb alone. The same sources give the same octets: all times are those of
// the last commit (SOURCE_DATE_EPOCH), owners are root, modes are set, and one thread compresses.
//   node .ci/package-deb.mjs [--out DIRECTORY]      prints the path of the package

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { packageFiles, programFiles } from './production.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
process.chdir(root);

const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' };
const ADDONS = ['packet-io', 'fleet', 'relay'];
/** Where the units of docs/deploy expect the program, and where the package puts it. */
const CHECKOUT = '/opt/meridian';
const PROGRAM = 'usr/lib/meridian';
const DOCUMENTS = 'usr/share/doc/meridian';

const architecture = ARCHITECTURES[process.arch];
if (architecture === undefined) {
  console.error(`meridian: there is no Debian package for ${process.arch}; there are ${Object.keys(ARCHITECTURES).join(', ')}`);
  process.exit(1);
}
const epochSec = Number(
  process.env.SOURCE_DATE_EPOCH ?? execFileSync('git', ['log', '-1', '--format=%ct'], { encoding: 'utf8' }),
);
const { version, description } = JSON.parse(readFileSync('package.json', 'utf8'));
const outAt = process.argv.indexOf('--out');
const out = outAt < 0 ? 'dist' : process.argv[outAt + 1];

const stage = mkdtempSync(join(tmpdir(), 'meridian-deb-'));
const at = (path) => join(stage, path);

function put(from, to) {
  mkdirSync(dirname(at(to)), { recursive: true });
  copyFileSync(from, at(to));
}

function write(to, text) {
  mkdirSync(dirname(at(to)), { recursive: true });
  writeFileSync(at(to), text);
}

/** The newest version of a library's symbols that a binary asks for, such as GLIBC_2.34. */
function newestSymbol(files, prefix) {
  const versions = files
    .filter((file) => existsSync(file))
    .flatMap((file) => [...readFileSync(file, 'latin1').matchAll(new RegExp(`${prefix}_(\\d+)\\.(\\d+)`, 'g'))])
    .map(([, major, minor]) => [Number(major), Number(minor)])
    .sort((a, b) => b[0] - a[0] || b[1] - a[1]);
  return versions[0]?.join('.');
}

const everything = (folder) =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .map((entry) => ({ entry, path: join(entry.parentPath ?? entry.path, entry.name) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));

// The program.
for (const file of [...programFiles(), ...packageFiles()]) put(file, join(PROGRAM, file));
const addons = ADDONS.map((name) => `native/build/${name}.node`);
for (const file of addons) {
  if (existsSync(file)) put(file, join(PROGRAM, file));
  else console.error(`meridian: ${file} is missing (npm run build says why): the package answers without it, at a higher cost`);
}
mkdirSync(at('usr/bin'), { recursive: true });
symlinkSync(`../lib/meridian/dist/src/app/main.js`, at('usr/bin/meridian'));

// Configuration, user, units.
for (const file of ['meridian.yaml', 'example.test.zone']) put(`deploy/debian/${file}`, `etc/meridian/${file}`);
put('deploy/debian/meridian.sysusers', 'usr/lib/sysusers.d/meridian.conf');
for (const unit of readdirSync('docs/deploy').filter((name) => /\.(?:service|socket)$/.test(name))) {
  const text = readFileSync(`docs/deploy/${unit}`, 'utf8')
    .replaceAll(`file://${CHECKOUT}/docs/`, `file:///${DOCUMENTS}/`)
    .replaceAll(CHECKOUT, `/${PROGRAM}`);
  write(`usr/lib/systemd/system/${unit}`, text);
}

// Documents.
cpSync('docs', at(DOCUMENTS), { recursive: true });
cpSync('zones', at(`${DOCUMENTS}/examples`), { recursive: true });
put('LICENSE', `${DOCUMENTS}/copyright`);
write(`${DOCUMENTS}/changelog.gz`, gzipSync(readFileSync('CHANGELOG.md'), { level: 9 }));

// What dpkg reads.
const octets = everything(stage)
  .filter(({ entry }) => entry.isFile())
  .map(({ path }) => readFileSync(path));
const installedKiB = Math.ceil(octets.reduce((sum, { length }) => sum + length, 0) / 1024);
const glibc = newestSymbol(addons, 'GLIBC') ?? '2.28';
write(
  'DEBIAN/control',
  `Package: meridian
Version: ${version}
Section: net
Priority: optional
Architecture: ${architecture}
Maintainer: Meridian <meridian@localhost>
Installed-Size: ${installedKiB}
Depends: nodejs (>= 20.19), libc6 (>= ${glibc}), libstdc++6, libgomp1
Recommends: systemd
Description: ${description}
 Domains delegate a name to it; it answers by geographic proximity, weight and
 live capacity, fed by health probes, and by agents that balance inside sites.
`,
);
write('DEBIAN/conffiles', '/etc/meridian/example.test.zone\n/etc/meridian/meridian.yaml\n');
const sums = everything(stage)
  .filter(({ entry, path }) => entry.isFile() && !path.startsWith(at('DEBIAN')))
  .map(({ path }) => `${createHash('md5').update(readFileSync(path)).digest('hex')}  ${relative(stage, path)}\n`);
write('DEBIAN/md5sums', sums.join(''));
const scripts = ['postinst', 'prerm', 'postrm'];
for (const script of scripts) put(`deploy/debian/${script}`, `DEBIAN/${script}`);

// Modes and times, of folders after what is in them.
const executables = new Set([...scripts.map((name) => at(`DEBIAN/${name}`)), at(`${PROGRAM}/dist/src/app/main.js`)]);
for (const { entry, path } of [...everything(stage).reverse(), { entry: null, path: stage }]) {
  if (entry?.isSymbolicLink() !== true) {
    const isOpen = entry === null || entry.isDirectory() || executables.has(path);
    chmodSync(path, isOpen ? 0o755 : 0o644);
  }
  lutimesSync(path, epochSec, epochSec);
}

mkdirSync(out, { recursive: true });
const file = join(out, `meridian_${version}_${architecture}.deb`);
execFileSync('dpkg-deb', ['--root-owner-group', '-Zxz', '-z1', '--build', stage, file], {
  stdio: ['ignore', 'ignore', 'inherit'],
  env: { ...process.env, SOURCE_DATE_EPOCH: String(epochSec), DPKG_DEB_THREADS_MAX: '1' },
});
rmSync(stage, { recursive: true, force: true });
console.log(file);
