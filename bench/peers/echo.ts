// The yardsticks: what a server would cost that did nothing but send each query back with the QR bit set.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { ROOT } from '../support.ts';
import type { Peer } from './peer.ts';

const PROGRAM = `${ROOT}native/build/echo`;

/** In C++, with the system calls and the batch size of Meridian's own sockets: the floor that the kernel sets. */
export const nativeEcho: Peer = {
  key: 'echo',
  title: 'echo (C++)',
  program: PROGRAM,
  versionArgs: [],
  source: 'node native/build.mjs --echo',
  kind: 'yardstick',
  hasTcp: false,
  prepare: (_directory, port) => [PROGRAM, '127.0.0.1', String(port)],
};

/** The least that node:dgram can do. */
export const dgramEcho: Peer = {
  key: 'dgram-echo',
  title: 'echo (node:dgram)',
  program: process.execPath,
  versionArgs: ['--version'],
  source: 'Node',
  kind: 'yardstick',
  hasTcp: false,
  prepare: (_directory, port) => [process.execPath, `${ROOT}dist/bench/echo-server.js`, String(port)],
};

export function buildNativeEcho(): void {
  if (existsSync(PROGRAM)) return;
  try {
    execFileSync(process.execPath, [`${ROOT}native/build.mjs`, '--echo'], { stdio: ['ignore', 'ignore', 'inherit'] });
  } catch {
    // It is reported as not installed.
  }
}
