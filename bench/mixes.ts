// The questions of the comparison, and what a server must answer to be compared at all.

import { RCODE } from '../src/wire/constants.ts';
import { decodeMessage } from '../src/wire/message.ts';
import { TYPE } from '../src/wire/rrtype.ts';
import { askAll } from '../test/support/ask-all.ts';
import { ecs, type OptSpec, queryOctets } from '../test/support/query-octets.ts';
import { HOSTS, hostAddress, hostLabel, WWW } from './bench-zone.ts';
import type { LoadPlan } from './load-generator.ts';
import { ORIGIN } from './million-zone.ts';
import type { Peer } from './peers/peer.ts';
import type { World } from './world.ts';

export interface Mix {
  readonly key: string;
  readonly title: string;
  /** `steering`: only for servers that steer; `tcp`: only for those that speak TCP. */
  readonly needs: 'dns' | 'steering' | 'tcp';
  /** A query and the right answer to it; null = the name does not exist. */
  questions(world: World): readonly Question[];
  readonly load: Pick<LoadPlan, 'hasRandomLabel' | 'tcpShare' | 'sockets' | 'spreads'>;
}

export interface Question {
  readonly octets: Uint8Array;
  readonly address: string | null;
}

const NAMES = 1000;
const SAMPLES = 200;
/** As a resolver asks today. */
const OPT: OptSpec = { udpPayloadSize: 1232 };

const host = (i: number): Question => ({
  octets: queryOctets({ name: `${hostLabel(i)}.${ORIGIN}.`, type: 'A', opt: OPT }),
  address: hostAddress(i),
});
const thousand = (): Question[] => Array.from({ length: NAMES }, (_, i) => host((i * 7919) % HOSTS));

const steered = ({ clients }: World): Question[] =>
  clients.map(({ octets, answer }) => ({
    octets: queryOctets({ name: `${WWW}.`, type: 'A', opt: { ...OPT, options: [ecs(1, 24, octets)] } }),
    address: answer,
  }));
/** As many as a batch has room for: no two queries of one come from the same, so nothing can be done for several at once. */
const SPREAD = { sockets: 64, spreads: true };

export const MIXES: readonly Mix[] = [
  { key: 'static', title: 'one static name', needs: 'dns', questions: () => [host(4711)], load: {} },
  { key: 'names', title: '1,000 static names', needs: 'dns', questions: thousand, load: {} },
  { key: 'gslb', title: 'a steered name, random client subnets (ECS)', needs: 'steering', questions: steered, load: {} },
  {
    key: 'nxdomain',
    title: 'random names that do not exist',
    needs: 'dns',
    // Sixteen characters, which the load generator replaces in each query.
    questions: () => [{ octets: queryOctets({ name: `x123456789abcdef.${ORIGIN}.`, type: 'A', opt: OPT }), address: null }],
    load: { hasRandomLabel: true },
  },
  {
    key: 'static-ports',
    title: 'one static name, each query from another port',
    needs: 'dns',
    questions: () => [host(4711)],
    load: SPREAD,
  },
  {
    key: 'gslb-ports',
    title: 'a steered name, random client subnets (ECS), each query from another port',
    needs: 'steering',
    questions: steered,
    load: SPREAD,
  },
  {
    key: 'tcp',
    title: '1,000 static names, half of the queries over TCP',
    needs: 'tcp',
    questions: thousand,
    load: { tcpShare: 0.5 },
  },
];

/** Whether a mix makes sense for a server. Yardsticks answer anything over UDP. */
export function suits(mix: Mix, peer: Peer): boolean {
  if (mix.needs === 'steering') return peer.kind !== 'dns';
  return mix.needs === 'dns' || peer.hasTcp;
}

/** Asks a sample of a mix; returns what is wrong with the first wrong answer, if there is one. */
export async function wrongAnswer(port: number, questions: readonly Question[]): Promise<string | undefined> {
  const step = Math.max(1, Math.floor(questions.length / SAMPLES));
  const sample = questions.filter((_, i) => i % step === 0);
  const replies = await askAll(
    port,
    sample.map(({ octets }) => Uint8Array.from(octets)),
  );
  const complaints = replies.map((reply, i) => complaintAbout(reply, sample[i]!.address));
  const wrong = complaints.filter((complaint) => complaint !== undefined);
  return wrong.length === 0 ? undefined : `${wrong.length} of ${sample.length} answers are wrong: ${wrong[0]}`;
}

function complaintAbout(reply: Uint8Array, address: string | null): string | undefined {
  const message = decodeMessage(reply);
  if (typeof message === 'string') return message;
  const { rcode, answers } = message;
  if (address === null) return rcode === RCODE.NXDOMAIN ? undefined : `NXDOMAIN expected, RCODE ${rcode} found`;
  const found = answers.filter(({ type }) => type === TYPE.A).map(({ rdata }) => rdata.join('.'));
  return found.length === 1 && found[0] === address ? undefined : `${address} expected, "${found}" with RCODE ${rcode} found`;
}
