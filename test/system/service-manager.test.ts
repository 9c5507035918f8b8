// What a service manager is told, by a server that was started with NOTIFY_SOCKET (sd_notify(3)), and the units that are shipped.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { startChild } from '../support/child.ts';
import { testUnless, whyNot } from '../support/environments.ts';
import { fixture, ROOT } from '../support/paths.ts';
import { eventually } from '../support/patience.ts';
import { demoDirectory, startServer } from '../support/server.ts';
import { Succession } from '../support/succession.ts';

const noTools = [
  ['perl', '-e', '0'],
  ['systemd-notify', '--version'],
]
  .map((tool) => whyNot(tool))
  .find(Boolean);

testUnless(noTools, 'a service manager hears when the server is ready, reloads, is ready again, and stops', async (t) => {
  const directory = demoDirectory();
  const path = join(directory, 'notify.sock');
  const manager = startChild('perl', [fixture('net/notify-socket.pl'), path]);
  const heard = (): string[] =>
    manager
      .printed('stdout')
      .split('\n')
      .filter((line) => /^[A-Z]/.test(line) && line !== 'BARRIER=1');
  const hears = (count: number): Promise<void> =>
    eventually(
      () => heard().length >= count,
      () => `not ${count} messages: ${manager.printed('both')}`,
    );
  await eventually(
    () => manager.printed('stdout') !== '',
    () => manager.printed('both'),
  );

  const server = await startServer(directory, { env: { NOTIFY_SOCKET: path } });
  await hears(1);
  t.is(heard()[0], 'READY=1 STATUS=answering for 1 zone');
  server.signal('SIGHUP');
  await hears(3);
  t.regex(heard()[1]!, /^RELOADING=1 MONOTONIC_USEC=\d+$/);
  t.is(heard()[2], 'READY=1 STATUS=answering for 1 zone');
  t.is(await server.stop(), 0);
  t.is(heard()[3], 'STOPPING=1');
  manager.kill('SIGKILL');
});

test.serial('a service manager that cannot be told is no reason not to answer, and a line says what to do', async (t) => {
  const server = await startServer(demoDirectory(), { env: { NOTIFY_SOCKET: '/nonexistent/notify', PATH: '/nonexistent' } });
  const { reason } = await server.logged(
    'the service manager cannot be told that the server is ready; use Type=exec in the unit',
  );
  t.is(reason, 'the command systemd-notify is missing');
  t.is(await server.stop(), 0);
});

testUnless(
  noTools,
  'a successor tells the service manager that it is the main process, and gives the signs of life from then on',
  async (t) => {
    const directory = demoDirectory();
    const path = join(directory, 'notify.sock');
    const manager = startChild('perl', [fixture('net/notify-socket.pl'), path]);
    await eventually(
      () => manager.printed('stdout') !== '',
      () => manager.printed('both'),
    );
    const server = await startServer(directory, { env: { NOTIFY_SOCKET: path, WATCHDOG_USEC: '1000000' } });
    const succession = new Succession(server);
    const hears = (what: string): Promise<void> =>
      eventually(
        () => manager.printed('stdout').includes(what),
        () => `not ${what}: ${manager.printed('both')}`,
      );
    await hears('WATCHDOG=1');
    const { report } = await succession.upgrade();
    await hears(`MAINPID=${report.pid} READY=1 STATUS=answering for 1 zone`);
    const before = manager.printed('stdout').length;
    await eventually(
      () => manager.printed('stdout').indexOf('WATCHDOG=1', before) > 0,
      () => manager.printed('both'),
    );
    t.false(manager.printed('stdout').includes('STOPPING=1'), 'the service goes on');
    await succession.stop();
    await hears('STOPPING=1');
    manager.kill('SIGKILL');
  },
);

testUnless(whyNot(['systemd-analyze', '--version']), 'the units in docs/deploy are what systemd understands', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-units-'));
  const files = readdirSync(`${ROOT}docs/deploy`).map((name) => {
    // As the page says: the paths are to be adapted.
    const unit = readFileSync(`${ROOT}docs/deploy/${name}`, 'utf8').replaceAll('/usr/bin/node', process.execPath);
    writeFileSync(join(directory, name), unit);
    return join(directory, name);
  });
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...files], { encoding: 'utf8' });
  t.is(stderr, '');
  t.is(status, 0);
  rmSync(directory, { recursive: true });
});
