// What contests between servers share: options, what is served and asked, and the servers, of which those take part that are installed
// and right in what they answer.

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeBenchZone } from './bench-zone.ts';
import { buildGenerator, writeQueries } from './load-generator.ts';
import type { Mix, Question } from './mixes.ts';
import { suits, wrongAnswer } from './mixes.ts';
import { bind } from './peers/bind.ts';
import { buildNativeEcho, dgramEcho, nativeEcho } from './peers/echo.ts';
import { gdnsd } from './peers/gdnsd.ts';
import { knot } from './peers/knot.ts';
import { meridian, meridianOnDgram } from './peers/meridian.ts';
import { nsd } from './peers/nsd.ts';
import { type Content, type Peer, versionOf } from './peers/peer.ts';
import { powerdns } from './peers/powerdns.ts';
import { freePort, moveToLoadCore, type Running, startServer, waitForReply, withDirectory } from './support.ts';
import { writeWorld } from './world.ts';

export const PEERS: readonly Peer[] = [nativeEcho, dgramEcho, meridian, meridianOnDgram, gdnsd, knot, nsd, bind, powerdns];

/** A mix, and the file of its queries. */
export interface PreparedMix {
  readonly mix: Mix;
  readonly questions: readonly Question[];
  readonly queryFile: string;
}

/** What a comma-separated option names; all if it is not given. Throws with the keys there are. */
export function choose<T extends { readonly key: string }>(
  all: readonly T[],
  wanted: string | undefined,
  option: string,
): readonly T[] {
  if (wanted === undefined) return all;
  const keys = wanted.split(',');
  const unknown = keys.find((key) => !all.some((one) => one.key === key));
  if (unknown !== undefined) throw new Error(`${option}: no "${unknown}"; there are ${all.map(({ key }) => key).join(', ')}`);
  return all.filter(({ key }) => keys.includes(key));
}

/** The number that `text` is, above 0 and up to `most`. Throws with the option's name if it is none. */
export function numberOf(option: string, text: string, most: number): number {
  const value = Number(text);
  if (!(value > 0 && value <= most)) throw new Error(`${option} takes a number above 0 and up to ${most}, found "${text}"`);
  return value;
}

/** Runs a contest in a directory of its own. What is wrong with its options is told, and the exit code is 2. */
export async function runContest<Options>(
  readOptions: () => Options,
  contest: (directory: string, options: Options) => Promise<void>,
): Promise<void> {
  let options: Options;
  try {
    options = readOptions();
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
  await withDirectory((directory) => contest(directory, options));
}

/** Makes in `directory` what all servers serve and are asked for, and leaves the servers' core to them. */
export function prepareContest(directory: string, wanted: readonly Mix[]): { content: Content; mixes: readonly PreparedMix[] } {
  buildGenerator();
  buildNativeEcho();
  moveToLoadCore();
  const zoneFile = join(directory, 'zone');
  writeBenchZone(zoneFile);
  const world = writeWorld(directory);
  const mixes = wanted.map((mix) => {
    const questions = mix.questions(world);
    const octets = questions.map((question) => question.octets);
    return { mix, questions, queryFile: writeQueries(join(directory, `${mix.key}.queries`), octets) };
  });
  return { content: { zoneFile, world }, mixes };
}

/** Starts a server in `home`, which is emptied first, and waits until it answers. */
export async function startPeer(peer: Peer, home: string, content: Content): Promise<Running & { port: number }> {
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home);
  const port = await freePort();
  const server = startServer(peer.prepare(home, port, content), home);
  await waitForReply(port);
  return { ...server, port };
}

/** One word for each server: what it is and its version, or that it is not installed. */
export const describePeers = (peers: readonly Peer[]): string[] =>
  peers.map((peer) => `${peer.title} ${versionOf(peer) ?? `not installed (${peer.source})`}`.trim());

/** Those that are installed. One that answers wrongly is not compared, and named. */
export async function qualify(
  peers: readonly Peer[],
  mixes: readonly PreparedMix[],
  home: string,
  content: Content,
): Promise<readonly Peer[]> {
  const qualified: Peer[] = [];
  for (const peer of peers) {
    if (versionOf(peer) === undefined) continue;
    const server = await startPeer(peer, home, content);
    const wrong: string[] = [];
    for (const { mix, questions } of mixes) {
      if (!suits(mix, peer) || peer.kind === 'yardstick') continue;
      const complaint = await wrongAnswer(server.port, questions);
      if (complaint !== undefined) wrong.push(`${mix.title}: ${complaint}`);
    }
    await server.stop();
    if (wrong.length > 0) console.log(`${peer.title} is left out. ${wrong.join('. ')}`);
    else qualified.push(peer);
  }
  return qualified;
}
