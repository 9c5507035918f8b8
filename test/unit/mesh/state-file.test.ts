import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../../src/base/clock.ts';
import { Complaints } from '../../../src/mesh/complaints.ts';
import { StateFile } from '../../../src/mesh/state-file.ts';
import { recordingLogger } from '../../support/mesh.ts';

function open(directory: string) {
  const logger = recordingLogger();
  const file = new StateFile<number>({
    directory,
    name: 'number',
    complaints: new Complaints(systemClock, logger),
    encode: (value) => JSON.stringify(value),
    decode: (text) => (/^\d+$/.test(text) ? Number(text) : undefined),
    rank: (value) => value,
  });
  return { file, lines: logger.lines };
}

function inDirectory(body: (t: ExecutionContext, directory: string) => Promise<void>) {
  return async (t: ExecutionContext): Promise<void> => {
    const directory = mkdtempSync(join(tmpdir(), 'meridian-state-'));
    t.teardown(() => rmSync(directory, { recursive: true, force: true }));
    await body(t, directory);
  };
}

test(
  'what was saved is there for the next process, and no scraps beside it',
  inDirectory(async (t, directory) => {
    await open(directory).file.save(7);
    const { file, lines } = open(directory);
    t.is(await file.load(), 7);
    t.deepEqual(lines, []);
    t.deepEqual(readdirSync(directory).sort(), ['number.copy.json', 'number.json']);
  }),
);

test(
  'an empty or missing directory holds nothing, and is made when something is saved',
  inDirectory(async (t, directory) => {
    const deeper = join(directory, 'not', 'yet');
    const { file, lines } = open(deeper);
    t.is(await file.load(), undefined);
    t.deepEqual(lines, []);
    await file.save(1);
    t.is(await file.load(), 1);
  }),
);

const damages: Readonly<Record<string, (path: string) => void>> = {
  torn: (path) => truncateSync(path, readFileSync(path).length - 1),
  empty: (path) => truncateSync(path, 0),
  altered: (path) => writeFileSync(path, readFileSync(path, 'utf8').replace(/7$/, '8')),
  'overwritten with zeros': (path) => writeFileSync(path, Buffer.alloc(100)),
  foreign: (path) => writeFileSync(path, '7'),
};

for (const [kind, damage] of Object.entries(damages)) {
  test(
    `a ${kind} copy is kept aside with one line, and the other copy is used`,
    inDirectory(async (t, directory) => {
      await open(directory).file.save(7);
      const path = join(directory, 'number.json');
      damage(path);
      const { file, lines } = open(directory);
      t.is(await file.load(), 7);
      t.deepEqual(lines, [`ERR_MESH_FILE ${path} is damaged and not used; kept as ${path}.damaged`]);
      t.true(existsSync(`${path}.damaged`));
      await file.save(9);
      t.is(await open(directory).file.load(), 9);
    }),
  );
}

test(
  'a crash between the two copies leaves the newer one in use',
  inDirectory(async (t, directory) => {
    await open(directory).file.save(7);
    const old = readFileSync(join(directory, 'number.copy.json'));
    await open(directory).file.save(8);
    writeFileSync(join(directory, 'number.copy.json'), old);
    t.is(await open(directory).file.load(), 8);
  }),
);

test(
  'a well-formed file whose content is not understood is kept aside, too',
  inDirectory(async (t, directory) => {
    await open(directory).file.save(-1);
    const { file, lines } = open(directory);
    t.is(await file.load(), undefined);
    t.is(lines.length, 2);
  }),
);

test(
  'while one value is being written only the newest waits, and all who asked are told',
  inDirectory(async (t, directory) => {
    const { file } = open(directory);
    await Promise.all([1, 2, 3, 4].map((value) => file.save(value)));
    t.is(await file.load(), 4);
  }),
);

test(
  'a value that cannot be written is reported to the one who saves, and the next one can be',
  inDirectory(async (t, directory) => {
    const blocked = join(directory, 'file');
    writeFileSync(blocked, '');
    const { file } = open(join(blocked, 'below'));
    await t.throwsAsync(file.save(1), { code: 'ENOTDIR' });
    rmSync(blocked);
    await file.save(2);
    t.is(await file.load(), 2);
  }),
);

test(
  'a copy that cannot be read is complained about and left alone',
  inDirectory(async (t, directory) => {
    await open(directory).file.save(7);
    const path = join(directory, 'number.json');
    rmSync(path);
    await open(join(path, 'x')).file.save(1); // now a directory
    const { file, lines } = open(directory);
    t.is(await file.load(), 7);
    t.regex(lines[0] ?? '', /^ERR_MESH_FILE .*number\.json cannot be read: EISDIR/);
  }),
);
