// One comparison of Meridian with other servers on the same zones: every question in datagrams of 1232 octets with EDNS and of 512
// without, and over TCP where Meridian's answer did not fit. What differs is either decided (decided-differences.ts) or told.

import { ask } from '../../src/client/dns-client.ts';
import { namesEqual } from '../../src/wire/name.ts';
import { askAll } from './ask-all.ts';
import { DECIDED_DIFFERENCES } from './decided-differences.ts';
import { PATIENCE_MS } from './patience.ts';
import { type PeerName, type PeerServer, refusesZone, startMeridian, startPeer, type ZoneFile } from './peer-servers.ts';
import { queryFor, type ZoneQuestion } from './question-set.ts';
import { describe, differences, viewOf } from './reply-differences.ts';

/** With EDNS, without, and over a stream. */
export const PASSES = [1232, 512, 65535] as const;
export type Limit = (typeof PASSES)[number];
export type ServerName = PeerName | 'Meridian';

/** Questions of a pass, and the replies in their order. */
export interface Pass {
  readonly questions: readonly ZoneQuestion[];
  readonly replies: ReadonlyMap<ServerName, readonly Uint8Array[]>;
}

export interface Verdict {
  /** Differences that nothing decides, described. */
  readonly undecided: readonly string[];
  /** Replies that each decision was needed for, by its id. */
  readonly held: ReadonlyMap<string, number>;
}

/** Starts the servers on the zones, asks all of them everything, and stops them. */
export async function askEverybody(
  zones: readonly ZoneFile[],
  questions: readonly ZoneQuestion[],
  peers: readonly PeerName[],
): Promise<ReadonlyMap<Limit, Pass>> {
  const servers = new Map<ServerName, PeerServer>();
  const passes = new Map<Limit, Pass>();
  const runPass = async (asked: readonly ZoneQuestion[], askOne: (port: number) => Promise<Uint8Array[]>): Promise<Pass> => {
    const replies = await Promise.all([...servers].map(async ([name, { port }]) => [name, await askOne(port)] as const));
    return { questions: asked, replies: new Map(replies) };
  };
  try {
    servers.set('Meridian', await startMeridian(zones));
    for (const name of peers) servers.set(name, await startPeer(name, zones));
    for (const limit of [1232, 512] as const) {
      const queries = questions.map((question) => queryFor(question, limit === 512 ? undefined : limit));
      passes.set(limit, await runPass(questions, (port) => askAll(port, queries)));
    }
    const truncated = truncatedQuestions(passes.get(1232)!);
    passes.set(65535, await runPass(truncated, (port) => askOverTcp(port, truncated)));
  } finally {
    await Promise.all([...servers.values()].map((server) => server.stop()));
  }
  return passes;
}

export const isTruncated = (reply: Uint8Array): boolean => (reply[2]! & 0x02) !== 0;

/** Those that Meridian could not answer in a datagram with EDNS, in one case each. */
function truncatedQuestions({ questions, replies }: Pass): ZoneQuestion[] {
  const ours = replies.get('Meridian')!;
  const found: ZoneQuestion[] = [];
  for (const [i, question] of questions.entries()) {
    const isKnown = ({ name, type }: ZoneQuestion): boolean => type === question.type && namesEqual(name, 0, question.name, 0);
    if (isTruncated(ours[i]!) && !found.some(isKnown)) found.push(question);
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

/** What a peer answered differently: described where nothing decides it, counted where a decision does. */
export function judge(name: PeerName, zones: readonly ZoneFile[], passes: ReadonlyMap<Limit, Pass>): Verdict {
  const undecided: string[] = [];
  const held = new Map<string, number>();
  const decisions = DECIDED_DIFFERENCES.filter(({ servers }) => servers.includes(name));
  for (const [limit, { questions, replies }] of passes) {
    const [all, others] = [replies.get('Meridian')!, replies.get(name)!];
    for (const [i, question] of questions.entries()) {
      if (isSame(all[i]!, others[i]!)) continue;
      const [ours, theirs] = [viewOf(all[i]!), viewOf(others[i]!)];
      const fields = differences(ours, theirs);
      if (fields.length === 0) continue;
      const zone = originAbove(question, zones);
      if (refusesZone(name, zone)) continue;
      const decision = decisions.find((one) => one.holds({ question, zone, limit, ours, theirs, fields }));
      if (decision !== undefined) held.set(decision.id, (held.get(decision.id) ?? 0) + 1);
      else {
        const where = `${question.text} at ${limit} octets differs in ${fields.join(', ')}`;
        undecided.push(`${where}\n  Meridian ${describe(ours)}\n  ${name} ${describe(theirs)}`);
      }
    }
  }
  return { undecided, held };
}

/** Origin of the closest zone, empty if there is none. */
function originAbove({ text }: ZoneQuestion, zones: readonly ZoneFile[]): string {
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
