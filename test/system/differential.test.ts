// Meridian, NSD, Knot and BIND on the same static zones (test/fixtures/differential/): every question made from the names in
// them. Rcode, AA, TC, answer, authority and required glue must be the same. Where they are not, a decision that says why must hold
// (test/support/decided-differences.ts), and each decision must be needed. A server that is not installed is skipped.
// `npm run fuzz:zones` does the same with zones made at random.

import { readdirSync } from 'node:fs';
import test from 'ava';
import { decodeMessage } from '../../src/wire/message.ts';
import type { Message } from '../../src/wire/message-types.ts';
import { isMetaType, TYPE, typeName } from '../../src/wire/rrtype.ts';
import { DECIDED_DIFFERENCES } from '../support/decided-differences.ts';
import {
  askEverybody,
  isTruncated,
  judge,
  type Limit,
  PASSES,
  type Pass,
  type ServerName,
  type Verdict,
} from '../support/differential.ts';
import { fixture } from '../support/paths.ts';
import { isInstalled, PEER_NAMES, type PeerName, type ZoneFile } from '../support/peer-servers.ts';
import { questionSet } from '../support/question-set.ts';

const SUFFIX = '.zone';
const directory = fixture('differential');
const zones: readonly ZoneFile[] = readdirSync(directory)
  .filter((file) => file.endsWith(SUFFIX))
  .map((file) => ({ origin: file.slice(0, -SUFFIX.length), path: `${directory}/${file}` }));
/** Names that no rule makes from an owner. */
const names = [
  // RFC 4592 section 2.2.1, with those of section 4 that go deeper.
  ...['host3', 'foo.bar', 'host1', 'sub.*', '_telnet._tcp.host1', 'host.subdel', 'ghost.*'].map((name) => `${name}.example.`),
  ...['y.x', 'x.y.a', 'x.*.b', 'ent.x2', 'x.x'].map((name) => `${name}.nest.example.`),
  // Substituted, these have 255 and 256 octets.
  ...[46, 47].map((size) => `${'e'.repeat(size)}.dname-long.core.test.`),
  // Through one DNAME into another, twice, and deep below each.
  ...['www.chain.target', 'www.dname3', 'a.b.c.dname3', 'x.back.dname2', 'cut.dname', 'www.cut.dname'].map(
    (name) => `${name}.core.test.`,
  ),
  // In none of the zones.
  ...['.', 'test.', 'other.', 'www.other.test.', 'xcore.test.', 'core.test.test.', 'test.core.'],
];
const questions = questionSet(zones, names);
const installed = PEER_NAMES.filter(isInstalled);
let passes: ReadonlyMap<Limit, Pass>;
const verdicts = new Map<PeerName, Verdict>();

test.before(async () => {
  passes = await askEverybody(zones, questions, installed);
  for (const name of installed) verdicts.set(name, judge(name, zones, passes));
});

for (const name of PEER_NAMES) {
  const title = `${name} and Meridian give the same answers, but for decided differences`;
  if (!installed.includes(name)) {
    test.skip(`${title} (skipped: ${name} is not installed)`, () => {});
    continue;
  }
  test(title, (t) => {
    const { undecided } = verdicts.get(name)!;
    t.is(undecided.length, 0, `${undecided.length} differences, among them:\n${undecided.slice(0, 10).join('\n')}`);
  });

  test(`every decided difference from ${name} is there`, (t) => {
    for (const { id, servers } of DECIDED_DIFFERENCES.filter((decision) => decision.servers.includes(name))) {
      const replies = verdicts.get(name)!.held.get(id) ?? 0;
      t.true(replies > 0, `no reply of ${name} needs ${id} any more (it is decided for ${servers.join(', ')})`);
      t.log(`${id}: ${replies} replies`);
    }
  });
}

test('the question set asks what it should: enough questions, each once, and truncation at both sizes', (t) => {
  t.true(questions.length > 25_000);
  t.is(new Set(questions.map(({ text }) => text)).size, questions.length);
  const truncated = PASSES.map((limit) => passes.get(limit)!.replies.get('Meridian')!.filter(isTruncated).length);
  t.true(truncated[0]! > 100 && truncated[1]! > truncated[0]! && truncated[2] === 0, `truncated: ${truncated.join(', ')}`);
});

test('every record type that Meridian knows is in an answer', (t) => {
  const { replies } = passes.get(1232)!;
  const types = new Set<number>();
  for (const [i, { text }] of questions.entries()) {
    if (!text.includes('types.test. ')) continue;
    const message = decodeMessage(replies.get('Meridian')![i]!) as Message;
    for (const { type } of message.answers) types.add(type);
  }
  const known = Object.values(TYPE).filter((type) => !isMetaType(type) && type !== TYPE.GSLB);
  t.deepEqual(known.filter((type) => !types.has(type)).map(typeName), []);
});

const sizes = 'replies to all questions with EDNS take at most 1.02 times the octets that NSD takes with minimal responses';
if (installed.includes('NSD')) {
  test(sizes, (t) => {
    const replies = passes.get(1232)!.replies;
    const total = (name: ServerName): number => replies.get(name)!.reduce((sum, { length }) => sum + length, 0);
    for (const name of replies.keys()) t.log(`${name}: ${total(name)} octets for ${questions.length} questions`);
    const ratio = total('Meridian') / total('NSD');
    t.log(`Meridian / NSD: ${ratio.toFixed(4)}`);
    t.true(ratio <= 1.02);
  });
} else test.skip(`${sizes} (skipped: NSD is not installed)`, () => {});
