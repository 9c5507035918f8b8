// A server that benchmarks can start. Each file of this folder holds the least configuration with which one answers from one
// thread on one loopback port: no limits on the rate, no log of queries, minimal responses, caches as they come.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { World } from '../world.ts';

/** What a server serves. */
export interface Content {
  /** A zone in master file format for bench-zone's ORIGIN. */
  readonly zoneFile: string;
  /** With a world, WWW is steered: the answer depends on the continent of the client, or of its subnet (ECS). */
  readonly world?: World;
}

export interface Peer {
  /** What chooses it on a command line. */
  readonly key: string;
  readonly title: string;
  /** The program that must be there, and the arguments that make it print its version; none if it has no version of its own. */
  readonly program: string;
  readonly versionArgs: readonly string[];
  /** Debian package, or what else brings it along. */
  readonly source: string;
  /** `yardstick` sends queries back and knows no DNS. */
  readonly kind: 'yardstick' | 'dns' | 'steering';
  readonly hasTcp: boolean;
  /** Writes what the server needs into the empty `directory` and returns the command that runs it in the foreground. */
  prepare(directory: string, port: number, content: Content): readonly string[];
}

/** Version of an installed server as it prints it, empty if it has none; undefined if it is not installed. */
export function versionOf({ program, versionArgs }: Peer): string | undefined {
  if (versionArgs.length === 0) return existsSync(program) ? '' : undefined;
  const { error, stdout, stderr } = spawnSync(program, versionArgs, { encoding: 'utf8', timeout: 10_000 });
  if (error !== undefined) return undefined;
  return /\d+\.\d+(?:\.\d+)*/.exec(`${stdout}${stderr}`)?.[0] ?? 'unknown version';
}

/** The zone with further lines at its end. */
export const zoneWith = (zoneFile: string, ...lines: readonly string[]): string =>
  `${readFileSync(zoneFile, 'utf8')}${lines.map((line) => `${line}\n`).join('')}`;
