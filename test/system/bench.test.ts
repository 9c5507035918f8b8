// `meridian bench` against the real server. Where dnsperf is not installed only its refusals are tested.

import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { MAIN, meridian, run, startServer } from '../support/server.ts';

const isInstalled = spawnSync('dnsperf', ['-h']).error === undefined;
const withTool = isInstalled ? test.serial : test.serial.skip;

/** Few enough for a busy machine: what is tested is the report, not the speed. */
const SHORT = ['--seconds', '3', '--rate', '40'];

for (const transport of [[], ['--tcp']]) {
  withTool(`a report tells what was answered and how, ${transport.length === 0 ? 'over UDP' : 'over TCP'}`, async (t) => {
    const server = await startServer();
    try {
      const names = ['www.example.test', 'nowhere.example.test'];
      const at = `127.0.0.1:${server.port}`;
      const { code, stdout, stderr } = await meridian(['bench', at, ...names, ...SHORT, ...transport, '--json']);
      t.is(code, 0, stderr);
      t.is(stderr, '');
      const report = JSON.parse(stdout);
      t.is(report.transport, transport.length === 0 ? 'udp' : 'tcp');
      t.true(report.answered > 0);
      t.is(report.answered + report.lost, report.sent);
      t.deepEqual(Object.keys(report.rcodes).sort(), ['NOERROR', 'NXDOMAIN']);
      t.is(report.rcodes.NOERROR + report.rcodes.NXDOMAIN, report.answered);
      t.regex(report.tool, /^dnsperf \d/);
    } finally {
      await server.stop();
    }
  });
}

withTool('names come from a file too, each with its type', async (t) => {
  const server = await startServer();
  const directory = mkdtempSync(join(tmpdir(), 'meridian-test-'));
  try {
    const file = join(directory, 'names');
    writeFileSync(file, '; what we serve\nmail.example.test\nnowhere.example.test TXT\n\n');
    const args = ['bench', '127.0.0.1', '--port', String(server.port), '--names', file, ...SHORT];
    const { code, stdout } = await meridian(args);
    t.is(code, 0);
    t.regex(stdout, new RegExp(`^server {4}127\\.0\\.0\\.1 port ${server.port} over udp, 40 queries a second for 3 s`));
    t.regex(stdout, /\nrcodes {4}(NOERROR \d+, NXDOMAIN|NXDOMAIN \d+, NOERROR) \d+\n/);
    t.regex(stdout, /\nlatency {3}p50 [\d.]+ ms, /);
  } finally {
    rmSync(directory, { recursive: true });
    await server.stop();
  }
});

withTool('a server that does not answer is a report of losses and exit code 1', async (t) => {
  const silent = createSocket('udp4').bind(0, '127.0.0.1');
  await once(silent, 'listening');
  const at = `127.0.0.1:${silent.address().port}`;
  const { code, stdout } = await meridian(['bench', at, '--seconds', '1', '--rate', '5', '--json']);
  silent.close();
  t.is(code, 1);
  const report = JSON.parse(stdout);
  t.is(report.answered, 0);
  t.is(report.lost, report.sent);
  t.is(report.latencyMs.p50, null);
});

test.serial('without dnsperf the package to install is named', async (t) => {
  const { code, stderr } = await run('env', ['PATH=/nonexistent', process.execPath, MAIN, 'bench', '127.0.0.1']);
  t.is(code, 1);
  t.regex(stderr, /^error ERR_BENCH: dnsperf is not installed; it is in the Debian package dnsperf\n$/);
});

for (const server of ['192.0.2.1', '[2001:db8::1]:53']) {
  test.serial(`load that would leave the machine for ${server} needs a word`, async (t) => {
    const started = (more: readonly string[]): ReturnType<typeof run> =>
      run('env', ['PATH=/nonexistent', process.execPath, MAIN, 'bench', server, ...more]);
    const refused = await started([]);
    t.is(refused.code, 2);
    t.regex(refused.stderr, /is not an address of loopback: .* --mine/);
    // Without the tool it goes no further.
    t.regex((await started(['--mine'])).stderr, /dnsperf is not installed/);
  });
}

test.serial('a wrong line in a file of names is shown with its place', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-test-'));
  const file = join(directory, 'names');
  writeFileSync(file, 'www.example.test\nwww.example.test NOPE\n');
  const { code, stderr } = await meridian(['bench', '127.0.0.1', '--names', file]);
  rmSync(directory, { recursive: true });
  t.is(code, 2);
  t.is(stderr, `${file}:2: error ERR_USAGE: "NOPE" is not a record type\n`);
});
