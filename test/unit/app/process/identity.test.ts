import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { identify } from '../../../../src/app/process/identity.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { recordingLogger } from '../../../support/mesh.ts';

const NAMELESS = { id: null, region: 'eu', weight: 3 };

function stage(t: ExecutionContext) {
  const stateDirectory = mkdtempSync(join(tmpdir(), 'meridian-identity-'));
  t.teardown(() => rmSync(stateDirectory, { recursive: true, force: true }));
  return { clock: new ManualClock(), log: recordingLogger(), stateDirectory };
}

test('a process is named by its configuration', async (t) => {
  const where = stage(t);
  const self = await identify({ ...NAMELESS, id: 'fra-1' }, ['dns'], where);
  t.deepEqual(self, {
    id: 'fra-1',
    region: 'eu',
    roles: ['dns'],
    weight: 3,
    epoch: where.clock.wallMs(),
    isWithdrawn: false,
  });
});

test('without a name it is called after the host and its state directory, and so it is after a restart', async (t) => {
  const where = stage(t);
  const { id } = await identify(NAMELESS, ['probe'], where);
  t.true(id.startsWith(`${hostname()}-`));
  t.is((await identify(NAMELESS, ['probe'], where)).id, id);
  t.not((await identify(NAMELESS, ['probe'], stage(t))).id, id);
});

test('the epoch grows with each start, even if the clock has been set back', async (t) => {
  const where = stage(t);
  const first = await identify(NAMELESS, ['probe'], where);
  const second = await identify(NAMELESS, ['probe'], where);
  where.clock.advance(-3_600_000);
  const third = await identify(NAMELESS, ['probe'], where);
  t.deepEqual([second.epoch, third.epoch], [first.epoch + 1, first.epoch + 2]);
});

test('a damaged file costs a line for each copy and the name', async (t) => {
  const where = stage(t);
  const { id } = await identify(NAMELESS, ['probe'], where);
  for (const file of readdirSync(where.stateDirectory)) writeFileSync(join(where.stateDirectory, file), 'nonsense');
  t.not((await identify(NAMELESS, ['probe'], where)).id, id);
  t.is(where.log.lines.length, 2);
});

test('a state directory that cannot be written costs a line', async (t) => {
  const where = stage(t);
  const file = join(where.stateDirectory, 'file');
  writeFileSync(file, '');
  const self = await identify({ ...NAMELESS, id: 'a' }, ['probe'], { ...where, stateDirectory: file });
  t.is(self.id, 'a');
  t.regex(where.log.lines.join('\n'), /ERR_STATE the identity of this process cannot be saved: /);
});
