// Meridian, NSD, Knot and BIND on the same static zones (test/fixtures/differential/): every question made from the names in
// them, in datagrams of 1232 octets with EDNS and of 512 without, and over TCP where the answer did not fit. Rcode, AA, TC,
// answer, authority and required glue must be the same. Where they are not, a decision that says why must hold
// (test/support/decided-differences.ts), and each decision must be needed. A server that is not installed is skipped.

import { readdirSync } from 'node:fs';
import test from 'ava';
import { ask } from '../../src/client/dns-client.ts';
import { decodeMessage } from '../../src/wire/message.ts';
import type { Message } from '../../src/wire/message-types.ts';
import { namesEqual } from '../../src/wire/name.ts';
import { isMetaType, TYPE, typeName } from '../../src/wire/rrtype.ts';
import { askAll } from '../support/ask-all.ts';
import { DECIDED_DIFFERENCES } from '../support/decided-differences.ts';
import { fixture } from '../support/paths.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import {
  isInstalled,
  PEER_NAMES,
  type PeerName,
  type PeerServer,
  refusesZone,
  startMeridian,
  startPeer,
  type ZoneFile,
} from '../support/peer-servers.ts';
import { queryFor, questionSet, type ZoneQuestion } from '../support/question-set.ts';
import { describe, differences, viewOf } from '../support/reply-differences.ts';

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

/** With EDNS, without, and over a stream. */
const PASSES = [1232, 512, 65535] as const;
type Limit = (typeof PASSES)[number];
type ServerName = PeerName | 'Meridian';

/** Questions of a pass, and the replies in their order. */
interface Pass {
  readonly questions: readonly ZoneQuestion[];
  readonly replies: ReadonlyMap<ServerName, readonly Uint8Array[]>;
}

const passes = new Map<Limit, Pass>();
const undecided = new Map<PeerName, string[]>();
/** `id server` of each decision that held, and for how many replies. */
const held = new Map<string, number>();

test.before(async () => {
  const servers = new Map<ServerName, PeerServer>();
  try {
    servers.set('Meridian', await startMeridian(zones));
    for (const name of installed) servers.set(name, await startPeer(name, zones));
    for (const limit of [1232, 512] as const) {
      passes.set(
        limit,
        await runPass(questions, servers, (port) =>
          askAll(
            port,
            questions.map((q) => queryFor(q, edns(limit))),
          ),
        ),
      );
    }
    const truncated = truncatedQuestions();
    passes.set(65535, await runPass(truncated, servers, (port) => askOverTcp(port, truncated)));
  } finally {
    await Promise.all([...servers.values()].map((server) => server.stop()));
  }
  for (const name of installed) undecided.set(name, compare(name));
});

for (const name of PEER_NAMES) {
  const title = `${name} and Meridian give the same answers, but for decided differences`;
  if (!installed.includes(name)) {
    test.skip(`${title} (skipped: ${name} is not installed)`, () => {});
    continue;
  }
  test(title, (t) => {
    const found = undecided.get(name)!;
    t.is(found.length, 0, `${found.length} differences, among them:\n${found.slice(0, 10).join('\n')}`);
  });

  test(`every decided difference from ${name} is there`, (t) => {
    for (const { id, servers } of DECIDED_DIFFERENCES.filter((decision) => decision.servers.includes(name))) {
      const replies = held.get(`${id} ${name}`) ?? 0;
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

const edns = (limit: Limit): number | undefined => (limit === 512 ? undefined : limit);
const isTruncated = (reply: Uint8Array): boolean => (reply[2]! & 0x02) !== 0;

async function runPass(
  asked: readonly ZoneQuestion[],
  servers: ReadonlyMap<ServerName, PeerServer>,
  askServer: (port: number) => Promise<Uint8Array[]>,
): Promise<Pass> {
  const replies = await Promise.all([...servers].map(async ([name, { port }]) => [name, await askServer(port)] as const));
  return { questions: asked, replies: new Map(replies) };
}

/** Those that Meridian could not answer in a datagram with EDNS, in one case each. */
function truncatedQuestions(): ZoneQuestion[] {
  const replies = passes.get(1232)!.replies.get('Meridian')!;
  const found: ZoneQuestion[] = [];
  for (const [i, question] of questions.entries()) {
    const isKnown = ({ name, type }: ZoneQuestion): boolean => type === question.type && namesEqual(name, 0, question.name, 0);
    if (isTruncated(replies[i]!) && !found.some(isKnown)) found.push(question);
  }
  return found;
}

async function askOverTcp(port: number, asked: readonly ZoneQuestion[]): Promise<Uint8Array[]> {
  const replies: Uint8Array[] = [];
  for (const question of asked) {
    const query = queryFor(question, 1232);
    const reply = await ask({ server: '127.0.0.1', port, query, transport: 'tcp', timeoutMs: PATIENCE_MS });
    if (!reply.ok) throw new Error(`${question.text}: ${reply.error.message}`);
    replies.push(reply.value.octets);
  }
  return replies;
}

/** Differences that nothing decides, described; counts what decides the others. */
function compare(name: PeerName): string[] {
  const found: string[] = [];
  const refused = new Set(zones.map(({ origin }) => origin).filter((origin) => refusesZone(name, origin)));
  const decisions = DECIDED_DIFFERENCES.filter(({ servers }) => servers.includes(name));
  for (const [limit, pass] of passes) {
    const [all, others] = [pass.replies.get('Meridian')!, pass.replies.get(name)!];
    for (const [i, question] of pass.questions.entries()) {
      if (isSame(all[i]!, others[i]!)) continue;
      const [ours, theirs] = [viewOf(all[i]!), viewOf(others[i]!)];
      const fields = differences(ours, theirs);
      if (fields.length === 0) continue;
      const zone = zoneOf(question);
      if (refused.has(zone)) continue;
      const comparison = { question, zone, limit, ours, theirs, fields };
      const decision = decisions.find((one) => one.holds(comparison));
      if (decision === undefined) {
        const where = `${question.text} at ${limit} octets differs in ${fields.join(', ')}`;
        found.push(`${where}\n  Meridian ${describe(ours)}\n  ${name} ${describe(theirs)}`);
      } else {
        const key = `${decision.id} ${name}`;
        held.set(key, (held.get(key) ?? 0) + 1);
      }
    }
  }
  return found;
}

/** Origin of the closest zone. */
function zoneOf({ text }: ZoneQuestion): string {
  const name = `.${text.slice(0, text.lastIndexOf(' ')).toLowerCase()}`;
  const closest = zones.filter(({ origin }) => name.endsWith(`.${origin}.`)).sort((a, b) => b.origin.length - a.origin.length)[0];
  return closest?.origin ?? '';
}

/** Whether the messages are the same octets, ids aside. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 2; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
