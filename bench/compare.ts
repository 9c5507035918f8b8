// Meridian beside other servers and beside an echo that does nothing: CPU per answered query, answers per second, loss and
// latency over several mixes of queries. One server at a time on one core, the load from the other; several rounds over all
// servers, so that whatever else the machine does meets all of them; medians.
//
// Run: npm run bench    (some 20 minutes; a word with less: npm run bench -- --rounds 1 --seconds 1 --servers meridian,nsd --mixes static)

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { choose, describePeers, numberOf, PEERS, prepareContest, qualify, runContest, startPeer } from './contest.ts';
import { describeMachine } from './machine.ts';
import { measure, type Run } from './measure.ts';
import { MIXES, type Mix, suits } from './mixes.ts';
import type { Peer } from './peers/peer.ts';
import { printResults } from './results.ts';

/** What starting and stopping a server takes, and what a measurement takes besides its seconds; only for the estimate. */
const START_SEC = 2.5;
const BETWEEN_SEC = 1.6;

interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly rate: number;
  readonly window: number;
  readonly peers: readonly Peer[];
  readonly mixes: readonly Mix[];
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '2' },
      rate: { type: 'string', default: '20000' },
      window: { type: 'string', default: '128' },
      servers: { type: 'string' },
      mixes: { type: 'string' },
    },
  });
  const number = (name: 'rounds' | 'seconds' | 'rate' | 'window', most: number): number =>
    numberOf(`--${name}`, values[name], most);
  return {
    rounds: number('rounds', 100),
    seconds: number('seconds', 60),
    rate: number('rate', 1_000_000),
    window: number('window', 4096),
    peers: choose(PEERS, values.servers, '--servers'),
    mixes: choose(MIXES, values.mixes, '--mixes'),
  };
}

async function main(directory: string, options: Options): Promise<void> {
  const { content, mixes } = prepareContest(directory, options.mixes);
  describeMachine(describePeers(options.peers));
  const home = join(directory, 'server');
  const peers = await qualify(options.peers, mixes, home, content);

  const perMix = 2 * options.seconds + BETWEEN_SEC;
  const points = peers.reduce((sum, peer) => sum + options.mixes.filter((mix) => suits(mix, peer)).length, 0);
  const minutes = (options.rounds * (points * perMix + peers.length * START_SEC)) / 60;
  console.log(`rounds: ${options.rounds}, servers: ${peers.length}; this takes about ${minutes.toFixed(1)} minutes\n`);

  const runs = new Map<string, Run[]>();
  // However it ends: what has been measured is worth having.
  process.once('exit', () => printResults(options, peers, (mix, peer) => runs.get(`${mix.key} ${peer.key}`)));
  for (let round = 0; round < options.rounds; round++) {
    for (const peer of peers) {
      const server = await startPeer(peer, home, content);
      for (const { mix, queryFile } of mixes) {
        if (!suits(mix, peer)) continue;
        const run = await measure(server, { ...mix.load, port: server.port, queryFile }, options);
        const key = `${mix.key} ${peer.key}`;
        runs.set(key, [...(runs.get(key) ?? []), run]);
      }
      await server.stop();
    }
    console.error(`round ${round + 1} of ${options.rounds} done`);
  }
}

await runContest(readOptions, main);
