import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../../src/base/clock.ts';
import { openMemoryMesh } from '../../../src/mesh/open.ts';
import { override, peer, recordingLogger, verdict, Witness } from '../../support/mesh.ts';

function temporary(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-mesh-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

async function started(stateDirectory: string | null): Promise<Witness & { lines: readonly string[] }> {
  const logger = recordingLogger();
  const self = peer('a');
  const witness = new Witness(openMemoryMesh({ self, clock: systemClock, logger, stateDirectory }), self);
  await witness.start();
  return Object.assign(witness, { lines: logger.lines });
}

test('overrides and verdicts survive a restart', async (t) => {
  const directory = temporary(t);
  const before = await started(directory);
  await before.mesh.changeOverrides(0, [override('1')]);
  await before.mesh.changeOverrides(1, [override('1'), override('2')]);
  await before.mesh.saveVerdicts([verdict('x#4')]);
  const after = await started(directory);
  t.deepEqual(after.mesh.overrides, { version: 2, overrides: [override('1'), override('2')] });
  t.deepEqual(await after.mesh.loadVerdicts(), [verdict('x#4')]);
  await after.until(() => after.overrideVersions.includes(2));
});

test('acknowledged overrides survive the loss of one copy of their file', async (t) => {
  const directory = temporary(t);
  const before = await started(directory);
  await before.mesh.changeOverrides(0, [override('1')]);
  const [copy, main] = readdirSync(directory)
    .filter((name) => name.startsWith('mesh-overrides-'))
    .sort();
  t.regex(copy ?? '', /copy\.journal$/);
  truncateSync(join(directory, main!), 50);
  const after = await started(directory);
  t.is(after.mesh.overrides.version, 1);
  t.is(after.lines.filter((line) => line.startsWith('ERR_MESH_FILE')).length, 1);
});

test('overrides that cannot be saved are not acknowledged and not in force', async (t) => {
  const directory = temporary(t);
  const blocked = join(directory, 'file');
  writeFileSync(blocked, '');
  const one = await started(blocked);
  const result = await one.mesh.changeOverrides(0, [override('1')]);
  t.is(result.ok ? '' : result.error.code, 'ERR_MESH_UNAVAILABLE');
  t.is(one.mesh.overrides.version, 0);
  await one.mesh.saveVerdicts([verdict('x#4')]);
  t.deepEqual(await one.mesh.loadVerdicts(), [verdict('x#4')]);
  t.is(one.lines.filter((line) => line.includes('cannot be saved')).length, 2, one.lines.join('\n'));
});

test('before the start nothing can be changed, and after the end nothing is told', async (t) => {
  const self = peer('a');
  const logger = recordingLogger();
  const witness = new Witness(openMemoryMesh({ self, clock: systemClock, logger, stateDirectory: null }), self);
  t.is(witness.mesh.status.state, 'joining');
  const early = await witness.mesh.changeOverrides(0, []);
  t.is(early.ok ? '' : early.error.code, 'ERR_MESH_UNAVAILABLE');
  await witness.mesh.close();
  await witness.start();
  witness.vote('x#4', 1);
  t.deepEqual(witness.log, []);
});
