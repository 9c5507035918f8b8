// Bad and special places to run the server in, made from real parts: another user, a network of its own, a kernel without a
// feature. What needs a privilege or a tool that this machine lacks is skipped, and the title of the test says why.

import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ImplementationFn } from 'ava';
import { fixture, ROOT } from './paths.ts';

/** A user without privileges, and another one. */
export const NOBODY = 65_534;
export const STRANGER = 65_533;

export const asUser = (uid: number, ...more: readonly string[]): readonly string[] => [
  ...['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'],
  ...more,
];

/** A network of its own with nothing but 127.0.0.1 and ::1, where the first commands change what they like. */
export const inOwnNetwork = (...commands: readonly string[]): readonly string[] => [
  ...['unshare', '--net', 'sh', '-c', ['set -e', 'ip link set lo up', ...commands, 'exec "$@"'].join('\n'), 'sh'],
];

/** Ports below 1024 need a privilege, as on any machine that nobody has changed. */
export const PRIVILEGED_PORTS = 'sysctl -q -w net.ipv4.ip_unprivileged_port_start=1024';
export const NO_IPV6 = 'sysctl -q -w net.ipv6.conf.all.disable_ipv6=1';

/** Inherits sockets as from a systemd socket unit; see the script for how they are written. */
export const withSockets = (...sockets: readonly string[]): readonly string[] => [
  ...['perl', fixture('net/open-sockets.pl'), ...sockets, '--'],
];

export const withOpenFiles = (limit: number): readonly string[] => ['sh', '-c', `ulimit -n ${limit}; exec "$@"`, 'sh'];

/** Why a command that only wraps another one cannot be used here; undefined if it can. */
export function whyNot(wrapper: readonly string[]): string | undefined {
  const probe = [...wrapper, process.execPath, '--version'];
  const { status, stderr, error } = spawnSync(probe[0]!, probe.slice(1), { encoding: 'utf8' });
  if (error !== undefined) return `${wrapper[0]}: ${error.message}`;
  return status === 0 ? undefined : `${wrapper[0]}: ${stderr.trim().split('\n').at(-1)}`;
}

/** Whether a user without privileges can read this checkout; a home directory is often closed. */
export function whyNotUser(uid = NOBODY): string | undefined {
  const wrapper = asUser(uid);
  const { status, stderr } = spawnSync(wrapper[0]!, [...wrapper.slice(1), 'test', '-r', `${ROOT}dist/src/app/main.js`], {
    encoding: 'utf8',
  });
  return status === 0 ? whyNot(wrapper) : `another user cannot read this checkout ${stderr.trim()}`;
}

/** test.serial where `reason` is undefined; otherwise the test is skipped and its title tells the reason. */
export function testUnless(reason: string | undefined, title: string, body: ImplementationFn<[]>): void {
  if (reason === undefined) test.serial(title, body);
  else test.serial.skip(`${title} (${reason})`, body);
}

/** Gives a directory and what is in it to a user, who may then also enter it. */
export function giveTo(uid: number, directory: string): void {
  chmodSync(directory, 0o755);
  chownSync(directory, uid, uid);
  for (const file of readdirSync(directory)) chownSync(join(directory, file), uid, uid);
}

/** A copy of the built program whose native addon `place` may put there; returns its main.js. */
export function copyOfProgram(place: (nativeBuild: string) => void): { readonly directory: string; readonly main: string } {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-program-'));
  for (const path of ['dist/src', 'geoip', 'package.json']) cpSync(join(ROOT, path), join(directory, path), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  const nativeBuild = join(directory, 'native/build');
  mkdirSync(nativeBuild, { recursive: true });
  place(nativeBuild);
  return { directory, main: join(directory, 'dist/src/app/main.js') };
}

/** The library that takes a feature of the kernel away, compiled; undefined where there is no C compiler. */
export function buildRefusal(): string | undefined {
  const library = join(mkdtempSync(join(tmpdir(), 'meridian-refuse-')), 'refuse.so');
  const { status } = spawnSync('cc', ['-shared', '-fPIC', '-o', library, fixture('net/refuse.c'), '-ldl']);
  return status === 0 ? library : undefined;
}
