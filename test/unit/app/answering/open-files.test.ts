import test from 'ava';
import { findTooFewFiles, fitTcp, openFilesLimit } from '../../../../src/app/answering/open-files.ts';

const DEMAND = { workers: 2, endpoints: 2, maxConnections: 1024, maxArrivals: 512 };

test('under a limit that is high enough, or unknown, everything is held that the configuration allows', (t) => {
  for (const limit of [524_288, 6224, undefined]) {
    t.deepEqual(fitTcp(DEMAND, limit), { room: { maxConnections: 1024, maxArrivals: 512 } });
  }
});

test('under a lower limit fewer connections are held, and a warning says how many files to allow', (t) => {
  const { room, warning } = fitTcp(DEMAND, 1024);
  t.deepEqual(room, { maxConnections: 158, maxArrivals: 78 });
  t.is(warning?.code, 'ERR_OPEN_FILES');
  t.regex(warning!.message, /limit of 1024 open files .* at most 158 for each address; allow 6224 files/);
  t.is(fitTcp(DEMAND, 6224).warning, undefined, 'the number that the warning asks for is enough');
  t.not(fitTcp(DEMAND, 6223).warning, undefined, 'and no more than that is asked for');
});

test('what is held never needs more files than there may be', (t) => {
  for (let workers = 1; workers <= 8; workers++) {
    for (let limit = 200; limit < 20_000; limit = Math.ceil(limit * 1.3)) {
      const { room } = fitTcp({ ...DEMAND, workers }, limit);
      const held = workers * DEMAND.endpoints * (room.maxConnections + room.maxArrivals);
      t.true(held < limit, `${workers} workers, limit ${limit}`);
    }
  }
});

test('even under an absurd limit one connection may come and one be held', (t) => {
  t.deepEqual(fitTcp(DEMAND, 20).room, { maxConnections: 1, maxArrivals: 1 });
});

const linuxTest = process.platform === 'linux' ? test : test.skip;

linuxTest('the limit of this process is a number of files', (t) => {
  t.true(openFilesLimit()! > 10);
});

test('a limit under which not even the modules can be read is an error', (t) => {
  t.regex(findTooFewFiles(64)!.message, /limit of 64 open files is too low to start; at least 512/);
  t.is(findTooFewFiles(512), undefined);
  t.is(findTooFewFiles(undefined), undefined);
});
