// `npm run fuzz:zones`: zones made at random, served by Meridian, NSD, Knot and BIND, and asked about like those of the differential
// test. A round starts every server anew on eight zones. The same seed makes the same zones. Exit code 1 if any two differ undecided;
// then the zones stay where the last line says.
//   npm run fuzz:zones -- [--seed 1] [--rounds 5]

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { askEverybody, judge } from '../support/differential.ts';
import { isInstalled, PEER_NAMES } from '../support/peer-servers.ts';
import { questionSet } from '../support/question-set.ts';
import { Random } from '../support/random.ts';
import { randomZone } from '../support/random-zones.ts';

const ZONES_A_ROUND = 8;
const SHOWN = 5;

const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' }, rounds: { type: 'string', default: '5' } } });
const seed = Number(values.seed);
const rounds = Number(values.rounds);
for (const [name, value] of Object.entries({ seed, rounds })) {
  if (!Number.isInteger(value) || value < 1 || value > 2 ** 31 - 1) {
    console.error(`--${name} is a whole number from 1, found "${values[name as 'seed']}"`);
    process.exit(2);
  }
}

async function round(number: number, random: Random): Promise<boolean> {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-zones-'));
  const origins = Array.from({ length: ZONES_A_ROUND }, (_, i) => `z${i}.round${number}.test`);
  const zones = origins.map((origin) => ({ origin, path: join(directory, `${origin}.zone`) }));
  for (const { origin, path } of zones) writeFileSync(path, randomZone(origin, origins, random));
  const questions = questionSet(zones, ['.', 'test.', `round${number}.test.`]);
  const peers = PEER_NAMES.filter(isInstalled);
  const passes = await askEverybody(zones, questions, peers);
  let isSame = true;
  for (const name of peers) {
    const { undecided, held } = judge(name, zones, passes);
    const decided = [...held].map(([id, replies]) => `${id} ${replies}`).join(', ');
    console.log(
      `round ${number}: ${questions.length} questions, ${name}: ${undecided.length} undecided; decided: ${decided || 'none'}`,
    );
    for (const text of undecided.slice(0, SHOWN)) console.log(text);
    isSame &&= undecided.length === 0;
  }
  if (isSame) rmSync(directory, { recursive: true });
  else console.log(`the zones of round ${number} are in ${directory}`);
  return isSame;
}

const random = new Random(seed);
for (let number = 1; number <= rounds; number++) if (!(await round(number, random))) process.exitCode = 1;
