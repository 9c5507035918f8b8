// What the server looks at once in a while: its certificates, its state directory, the answers that its workers have counted.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { imagesOf } from '../../../../src/app/answering/image-feed.ts';
import { load } from '../../../../src/app/loading/load.ts';
import { certificateEnds, certificatesOf } from '../../../../src/app/watch/certificates.ts';
import { SiteTally } from '../../../../src/app/watch/site-tally.ts';
import { tryState } from '../../../../src/app/watch/state-trial.ts';
import { askedRow } from '../../../../src/metrics/asked.ts';
import { ROOT } from '../../../support/paths.ts';

const loaded = load(`${ROOT}zones/meridian.yaml`).loaded!;
const { steering: model } = loaded.snapshot;

test('a state directory that can be written passes, and nothing stays in it', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-state-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  t.is(await tryState(directory), null);
  t.deepEqual(readdirSync(directory), []);
});

test('one that cannot be written says why', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-state-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, 'file'), '');
  t.regex((await tryState(join(directory, 'file')))!, /ENOTDIR/);
});

test('a certificate file that cannot be read ends in 1970, so that somebody looks', async (t) => {
  t.deepEqual(await certificateEnds([{ use: 'admin', file: '/nowhere/at/all' }]), [{ use: 'admin', endsMs: 0 }]);
});

test('only what this process presents is looked at', (t) => {
  const tls = { certificateFile: 'a.pem', keyFile: 'a.key' };
  const listen = [{ address: '127.0.0.1', port: 1 }];
  const settings = { ...loaded.snapshot, admin: { ...loaded.snapshot.admin, listen, tls } };
  t.deepEqual(certificatesOf(settings, []), [{ use: 'admin', file: 'a.pem' }]);
  t.deepEqual(certificatesOf({ ...settings, admin: { ...settings.admin, listen: [] } }, []), []);
});

test('answers of all members of a site are its own, over all loads', (t) => {
  const tally = new SiteTally();
  const images = imagesOf(loaded, 1, undefined, { workers: 2 });
  const memberAt = (site: string): number => model.members.find((member) => model.sites[member.site]!.id === site)!.index;
  askedRow(images.given, 0, model.members.length)[memberAt('london')] = 3;
  askedRow(images.given, 1, model.members.length)[memberAt('london')] = 4;
  t.is(tally.take({ loaded, images }).get('london'), 7);
  t.is(tally.take({ loaded, images }).get('tokyo'), 0);

  askedRow(images.given, 1, model.members.length)[memberAt('london')]! += 2;
  const next = imagesOf(loaded, 2, undefined, { workers: 1 });
  askedRow(next.given, 0, model.members.length)[memberAt('tokyo')] = 5;
  const totals = tally.take({ loaded, images: next });
  t.is(totals.get('london'), 9, 'what was counted before the load is kept');
  t.is(totals.get('tokyo'), 5);
});
