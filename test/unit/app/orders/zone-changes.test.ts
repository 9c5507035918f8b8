// A new text for a zone, over real files and the real loader: taken whole or not at all.

import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Loaded, load, loadZoneOnly } from '../../../../src/app/loading/load.ts';
import { checkDraft } from '../../../../src/app/loading/zone-draft.ts';
import { changeZone, readZoneFile } from '../../../../src/app/orders/zone-changes.ts';
import { tagOf } from '../../../../src/app/orders/zone-file.ts';
import type { Running } from '../../../../src/app/process/running.ts';
import { ok } from '../../../../src/base/result.ts';
import { ZoneImage } from '../../../../src/zone/image.ts';

const ZONE = 'example.test.';
const textOf = (serial: number, more = ''): string =>
  `$TTL 60\n@ SOA ns hostmaster ${serial} 1 1 1 1\n@ NS ns\nns A 192.0.2.1\n${more}`;

/** A server of one zone; `break` makes its next reload fail, as a bug or a full machine would. */
function stage(t: ExecutionContext) {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-zone-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'example.test.zone');
  writeFileSync(file, textOf(1));
  const config = join(directory, 'meridian.yaml');
  writeFileSync(config, 'zones: { directory: . }\n');
  const first = load(config);
  if (first.loaded === undefined) throw new Error(JSON.stringify(first.problems));
  const state = { loaded: first.loaded as Loaded, isBroken: false };
  const running = {
    get answering() {
      return { loaded: state.loaded };
    },
    fileDesk: {
      checkDraft: async (origin: Uint8Array, text: Uint8Array) => checkDraft(state.loaded, origin, text),
      reloadZone: async (origin: Uint8Array) => {
        const { loaded, problems, zonesKept } = loadZoneOnly(state.loaded, origin);
        const done = loaded !== undefined && !state.isBroken;
        if (done) state.loaded = loaded;
        return { done, problems, zonesRead: 1, zonesKept, geography: 'unchanged', tookMs: 0 };
      },
    },
  } as unknown as Running;
  const last = { undo: undefined as (() => Promise<void>) | undefined };
  const put = async (text: string, terms: { dryRun?: boolean; ifTag?: string | null } = {}) => {
    const changed = (await changeZone(running, {
      zone: ZONE,
      text,
      dryRun: false,
      watchSec: 0,
      scope: 'server',
      ifTag: null,
      ...terms,
    }))!;
    if (!changed.ok) return changed;
    last.undo = changed.value.undo;
    return ok(changed.value.reply);
  };
  const serial = () => new ZoneImage(state.loaded.zones[0]!.buffer).serial;
  return { directory, file, running, state, put, serial, undo: () => last.undo!() };
}

test('a text that is good is served, is in the file, and the file before stays beside it', async (t) => {
  const { file, put, serial } = stage(t);
  chmodSync(file, 0o640);
  const reply = await put(textOf(2, 'www A 192.0.2.2\n'));
  if (!reply.ok) return t.fail(reply.error.message);
  t.like(reply.value, { isDone: true, isAccepted: true, problems: [] });
  t.deepEqual(
    reply.value.difference!.added.lines.filter((line) => line.startsWith('www')),
    ['www.example.test. 60 IN A 192.0.2.2'],
  );
  t.is(serial(), 2);
  t.is(readFileSync(file, 'utf8'), textOf(2, 'www A 192.0.2.2\n'));
  t.is(readFileSync(`${file}.previous`, 'utf8'), textOf(1));
  t.is(statSync(file).mode & 0o777, 0o640);
  t.is(reply.value.tag, tagOf(readFileSync(file)));
});

test('a dry run tells the difference, and changes nothing', async (t) => {
  const { directory, file, put, serial } = stage(t);
  const before = readdirSync(directory);
  const reply = await put(textOf(2), { dryRun: true });
  t.like(reply.ok && reply.value, { isDone: false, isAccepted: true });
  t.like(reply.ok && reply.value.difference, { serialBefore: 1, serialAfter: 2 });
  t.deepEqual(readdirSync(directory), before);
  t.is(readFileSync(file, 'utf8'), textOf(1));
  t.is(serial(), 1);
});

test('a text with errors names their lines, and changes nothing', async (t) => {
  const { directory, file, put, serial } = stage(t);
  const before = readdirSync(directory);
  const reply = await put(textOf(2, 'www A 192.0.2.999\n'));
  if (!reply.ok) return t.fail(reply.error.message);
  t.like(reply.value, { isDone: false, isAccepted: false, difference: null });
  t.like(reply.value.problems[0], { severity: 'error', file, line: 5 });
  t.deepEqual(readdirSync(directory), before);
  t.is(serial(), 1);
});

test('a text for another version of the file is refused', async (t) => {
  const { running, put, file, serial } = stage(t);
  const present = (await readZoneFile(running, ZONE))!;
  if (!present.ok) return t.fail(present.error.message);
  writeFileSync(file, textOf(7));
  const reply = await put(textOf(2), { ifTag: present.value.tag });
  t.is(reply.ok ? '' : reply.error.code, 'ERR_API_VERSION');
  t.is(readFileSync(file, 'utf8'), textOf(7));
  t.is(serial(), 1);
});

test('where the new text cannot be served after all, the file is again what it was', async (t) => {
  const { file, state, put, serial } = stage(t);
  const { mtimeMs } = statSync(file);
  state.isBroken = true;
  const reply = await put(textOf(2));
  t.like(reply.ok && reply.value, { isDone: false, isAccepted: false });
  t.is(readFileSync(file, 'utf8'), textOf(1));
  t.is(statSync(file).mtimeMs, mtimeMs);
  t.is(serial(), 1);
});

test('what is taken back is served no more, and stays beside the file', async (t) => {
  const { file, put, undo, serial } = stage(t);
  const { mtimeMs } = statSync(file);
  await put(textOf(2));
  await undo();
  t.is(serial(), 1);
  t.is(readFileSync(file, 'utf8'), textOf(1));
  t.is(statSync(file).mtimeMs, mtimeMs);
  t.is(readFileSync(`${file}.refused`, 'utf8'), textOf(2));
});

test('a same serial with other records is warned of', async (t) => {
  const { put } = stage(t);
  const reply = await put(textOf(1, 'www A 192.0.2.2\n'), { dryRun: true });
  t.is(reply.ok && reply.value.problems[0]?.code, 'ERR_ZONE_SERIAL');
});

test('a file that a symbolic link names is replaced where it is', async (t) => {
  const { directory, file, put } = stage(t);
  const real = join(directory, 'real.txt');
  writeFileSync(real, textOf(1));
  rmSync(file);
  symlinkSync(real, file);
  t.true((await put(textOf(2))).ok);
  t.is(readFileSync(real, 'utf8'), textOf(2));
  t.true(existsSync(`${real}.previous`));
});

test('what a crash left half written stops nothing and is served by nobody', async (t) => {
  const { directory, put, serial } = stage(t);
  writeFileSync(join(directory, '.example.test.zone.new'), 'half');
  t.true((await put(textOf(2))).ok);
  t.is(serial(), 2);
  t.deepEqual(readdirSync(directory).sort(), ['example.test.zone', 'example.test.zone.previous', 'meridian.yaml']);
});
