import test from 'ava';
import { Complaints } from '../../../src/mesh/complaints.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { recordingLogger } from '../../support/mesh.ts';

test('a kind of ignored record is logged once a minute, and each is counted', (t) => {
  const clock = new ManualClock();
  const logger = recordingLogger();
  const complaints = new Complaints(clock, logger);
  for (let i = 0; i < 100; i++) complaints.ignore('vote', 'key');
  complaints.ignore('peer', 'key');
  clock.advance(59_999);
  complaints.ignore('vote', 'key');
  clock.advance(1);
  complaints.ignore('vote', 'key');
  t.is(complaints.ignored, 103);
  t.deepEqual(
    logger.lines.map((line) => /a (\w+) in/.exec(line)?.[1]),
    ['vote', 'peer', 'vote'],
  );
});

test('ever new complaints do not fill the memory', (t) => {
  const logger = recordingLogger();
  const complaints = new Complaints(new ManualClock(), logger);
  for (let i = 0; i < 1000; i++) complaints.warn('ERR_MESH_REPLY', `line ${i}`);
  t.is(logger.lines.length, 1000);
  complaints.warn('ERR_MESH_REPLY', 'line 999');
  t.is(logger.lines.length, 1000);
});
