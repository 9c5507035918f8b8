// The servers that are compared, and how those are chosen and started that take part: installed, and right in what they answer.

import { mkdirSync, rmSync } from 'node:fs';
import type { Mix, Question } from './mixes.ts';
import { suits, wrongAnswer } from './mixes.ts';
import { bind } from './peers/bind.ts';
import { dgramEcho, nativeEcho } from './peers/echo.ts';
import { gdnsd } from './peers/gdnsd.ts';
import { knot } from './peers/knot.ts';
import { meridian, meridianOnDgram } from './peers/meridian.ts';
import { nsd } from './peers/nsd.ts';
import { type Content, type Peer, versionOf } from './peers/peer.ts';
import { powerdns } from './peers/powerdns.ts';
import { freePort, type Running, startServer, waitForReply } from './support.ts';

export const PEERS: readonly Peer[] = [nativeEcho, dgramEcho, meridian, meridianOnDgram, gdnsd, knot, nsd, bind, powerdns];

/** A mix, and the file of its queries. */
export interface Round {
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
  rounds: readonly Round[],
  home: string,
  content: Content,
): Promise<readonly Peer[]> {
  const qualified: Peer[] = [];
  for (const peer of peers) {
    if (versionOf(peer) === undefined) continue;
    const server = await startPeer(peer, home, content);
    const wrong: string[] = [];
    for (const { mix, questions } of rounds) {
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
