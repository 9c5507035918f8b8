// The drill: real processes, real faults, and a verdict on every promise of docs/health.md. Exit code 1 if one was missed.
//
//   npm run drill -- failover|redis|probers [--fast] [--json]

import { parseArgs } from 'node:util';
import { capacityDrill } from './capacity-drill.ts';
import { failover } from './failover.ts';
import { Ledger } from './ledger.ts';
import { enterPrivateNetwork } from './private-network.ts';
import { proberDrill } from './prober-drill.ts';
import { redisDrill, redisFailover } from './redis-drill.ts';
import type { RedisKind } from './redis-set.ts';
import { Stage } from './stage.ts';
import { FAST, FULL } from './timing.ts';

interface Part {
  readonly redis: RedisKind;
  play(stage: Stage): Promise<void>;
}

/** Each part has a stage of its own. */
const DRILLS: Readonly<Record<string, readonly Part[]>> = {
  failover: [{ redis: 'standalone', play: failover }],
  redis: [
    { redis: 'standalone', play: redisDrill },
    { redis: 'sentinel', play: redisFailover },
  ],
  probers: [{ redis: 'standalone', play: proberDrill }],
};
/** Has a world of its own. */
const CAPACITY = 'capacity';
const USAGE = `usage: npm run drill -- ${[...Object.keys(DRILLS), CAPACITY].join('|')} [--fast] [--json]`;

/** Ends with this program whatever hangs. */
const LIMIT_MS = { fast: 600_000, full: 1_800_000 };

async function main(): Promise<number> {
  const options = { fast: { type: 'boolean' }, json: { type: 'boolean' }, relays: { type: 'boolean' } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [scenario = ''] = positionals;
  if (scenario === CAPACITY && positionals.length === 1) return capacity(values.json === true);
  const parts = DRILLS[scenario];
  if (parts === undefined || positionals.length !== 1) {
    console.error(USAGE);
    return 2;
  }
  const { fast = false, json = false, relays = false } = values;
  const network = relays ? ({ isInside: false, reason: '--relays' } as const) : await enterPrivateNetwork();
  const limitMs = fast ? LIMIT_MS.fast : LIMIT_MS.full;
  setTimeout(() => {
    console.error(`the drill did not end within ${limitMs / 60_000} minutes`);
    process.exit(1);
  }, limitMs).unref();
  const ledger = new Ledger(json ? () => undefined : (line) => console.log(line));
  const queries = { asked: 0, unanswered: 0, refused: 0, wrong: 0, slowestMs: 0 };
  for (const { redis, play } of parts) {
    const stage = await Stage.open({ timing: fast ? FAST : FULL, redis, network, ledger });
    try {
      await play(stage);
    } finally {
      await stage.close();
    }
    for (const { counts } of stage.questions) {
      queries.asked += counts.asked;
      queries.unanswered += counts.unanswered;
      queries.refused += counts.refused;
      queries.slowestMs = Math.max(queries.slowestMs, Math.round(counts.slowestMs));
    }
    for (const { server, member, isMissing } of stage.judge.wrong.slice(0, 1)) {
      ledger.note(`first wrong answer: of server ${server + 1}, member ${member} ${isMissing ? 'missing' : 'present'}`);
    }
    queries.wrong += stage.judge.wrong.length;
  }
  ledger.note(`${queries.asked} queries; the slowest reply took ${queries.slowestMs} ms`);
  ledger.none('queries without an answer', queries.unanswered, ` of ${queries.asked}`);
  ledger.none('replies without an address', queries.refused, ` of ${queries.asked}`);
  ledger.none('wrong flips', queries.wrong, ` of ${queries.asked}`);
  if (json) {
    const { objectives, timeline, isMet } = ledger;
    console.log(JSON.stringify({ scenario, mode: fast ? 'fast' : 'full', isMet, objectives, timeline, queries }));
  } else ledger.printTable();
  return ledger.isMet ? 0 : 1;
}

async function capacity(json: boolean): Promise<number> {
  const ledger = new Ledger(json ? () => undefined : (line) => console.log(line));
  await capacityDrill(ledger);
  const { objectives, timeline, isMet } = ledger;
  if (json) console.log(JSON.stringify({ scenario: CAPACITY, isMet, objectives, timeline }));
  else ledger.printTable();
  return isMet ? 0 : 1;
}

process.exitCode = await main();
