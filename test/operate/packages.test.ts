// The packages as somebody gets them: built twice, unpacked elsewhere, run without the sources and what only development needs.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { dig } from '../support/dig.ts';
import { testUnless, whyNot } from '../support/environments.ts';
import { ROOT } from '../support/paths.ts';
import { editConfig, run, startServer } from '../support/server.ts';

const EPOCH_SEC = '1767225600';
let directory: string;

test.before(() => {
  directory = mkdtempSync(join(tmpdir(), 'meridian-packages-'));
});
test.after.always(() => rmSync(directory, { recursive: true, force: true }));

function buildDeb(name: string): string {
  const args = ['.ci/package-deb.mjs', '--out', join(directory, name)];
  const env = { ...process.env, SOURCE_DATE_EPOCH: EPOCH_SEC };
  return execFileSync(process.execPath, args, { cwd: ROOT, env, encoding: 'utf8' }).trim();
}

const digest = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

/** Serves the configuration of the package with `main`, and asks it. */
async function answers(
  main: string,
  etc: string,
): Promise<{ readonly reply: string; readonly log: string; readonly code: number | null }> {
  const copy = mkdtempSync(join(tmpdir(), 'meridian-package-'));
  cpSync(etc, copy, { recursive: true });
  editConfig(copy, ['127.0.0.1:53', '127.0.0.1:0'], ['/var/lib/meridian', 'var']);
  const server = await startServer(copy, { main });
  const reply = await dig(server.port, '+short', 'example.test', 'TXT');
  const log = server.log();
  return { reply, log, code: await server.stop() };
}

const noDpkg = whyNot(['dpkg-deb', '--version']);
/** Of the unpacked Debian package. */
let lib: string;
let etc: string;

const ANSWER = '"Meridian answers"\n';

testUnless(noDpkg, 'the Debian package has the same octets each time, and serves from where it is unpacked', async (t) => {
  const [first, second] = [buildDeb('first'), buildDeb('second')];
  t.is(digest(first), digest(second));
  const unpacked = join(directory, 'debian');
  t.is((await run('dpkg', ['-x', first, unpacked])).code, 0);
  [lib, etc] = [join(unpacked, 'usr/lib/meridian'), join(unpacked, 'etc/meridian')];

  const program = join(unpacked, 'usr/bin/meridian');
  t.is(readlinkSync(program), '../lib/meridian/dist/src/app/main.js');
  const checked = await run(program, ['check', '--config', join(etc, 'meridian.yaml')]);
  t.is(checked.code, 0, checked.stderr);
  const { reply, log, code } = await answers(program, etc);
  t.is(reply, ANSWER);
  t.is(code, 0);
  t.false(log.includes('ERR_ADDON'), log);

  const units = readdirSync(join(unpacked, 'usr/lib/systemd/system'));
  t.true(units.includes('meridian.service') && units.includes('meridian.socket'));
  for (const unit of units) {
    const text = readFileSync(join(unpacked, 'usr/lib/systemd/system', unit), 'utf8');
    t.false(text.includes('/opt/'), unit);
    for (const [, path] of text.matchAll(/node (\/usr\/lib\/meridian\/\S+\.js)/g))
      t.true(existsSync(join(unpacked, path!)), path);
  }
  for (const absent of ['src', 'test', 'node_modules/typescript', 'node_modules/ava', 'dist/test'])
    t.false(existsSync(join(lib, absent)), absent);
});

testUnless(
  noDpkg,
  'the npm package serves with the addon that came with it where nothing can be compiled, or says that it has none',
  async (t) => {
    const listed = execFileSync('npm', ['pack', '--json', '--pack-destination', directory], { cwd: ROOT, encoding: 'utf8' });
    const [{ filename, files }] = JSON.parse(listed) as [{ filename: string; files: { path: string }[] }];
    t.deepEqual(
      files.filter(({ path }) => /^(src|test|bench|dist\/test|dist\/bench|var)\//.test(path)),
      [],
    );
    execFileSync('tar', ['-xzf', join(directory, filename), '-C', directory]);
    const root = join(directory, 'package');
    symlinkSync(join(lib, 'node_modules'), join(root, 'node_modules'));

    // What npm does at install.
    const install = { cwd: root, env: { PATH: '/nonexistent' }, stdio: 'ignore' } as const;
    execFileSync(process.execPath, ['native/build.mjs'], install);
    const main = join(root, 'dist/src/app/main.js');
    const prebuilt = await answers(main, etc);
    t.is(prebuilt.reply, ANSWER);
    t.is(prebuilt.code, 0);
    t.false(prebuilt.log.includes('ERR_ADDON'), prebuilt.log);

    // Another kind of machine: nothing fits, and nothing can be built.
    rmSync(join(root, 'native/prebuilt'), { recursive: true });
    execFileSync(process.execPath, ['native/build.mjs'], install);
    const without = await answers(main, etc);
    t.is(without.reply, ANSWER);
    t.regex(without.log, /ERR_ADDON.*there is no C\+\+ compiler/);
  },
);
