import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { loadPacketIo, systemError } from '../../../src/transport/packet-io.ts';

test('the addon can be switched off', (t) => {
  t.deepEqual(loadPacketIo({ MERIDIAN_NATIVE: 'off' }, '/nowhere/'), { addon: undefined, reason: 'MERIDIAN_NATIVE=off' });
});

test('the reason for its absence is what the build noted', (t) => {
  const directory = `${mkdtempSync(join(tmpdir(), 'meridian-test-'))}/`;
  t.teardown(() => rmSync(directory, { recursive: true }));
  const reason = (): unknown => {
    const status = loadPacketIo({}, directory);
    return status.addon === undefined && status.reason;
  };
  t.is(reason(), 'it has not been built');
  writeFileSync(`${directory}reason`, 'there is no C++ compiler\n');
  t.is(reason(), 'there is no C++ compiler');
  writeFileSync(`${directory}packet-io.node`, 'not a library');
  t.regex(String(reason()), /^it does not load: .*packet-io\.node/);
});

test('errors of the system keep their code', (t) => {
  t.like(systemError('open', -98), { code: 'EADDRINUSE', message: 'open EADDRINUSE', errno: -98 });
});
