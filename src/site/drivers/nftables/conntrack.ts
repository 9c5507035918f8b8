// What the kernel has under way, from its list of connections (/proc/net/nf_conntrack): lines with the addresses of the first packet,
// then those of the answer, whose source is the server. Read as a stream: the list may be long, and only counts are kept.
//
//   ipv4 2 tcp 6 431999 ESTABLISHED src=C dst=V sport=1 dport=80 src=S dst=C sport=8080 dport=1 [ASSURED] ...

import { createReadStream } from 'node:fs';
import { formatAddress, parseAddress } from '../../../base/address.ts';
import type { Problem } from '../../../base/errors.ts';
import { ok, type Result } from '../../../base/result.ts';
import { codeOf, failure, messageOf } from '../problem.ts';

const LINE = /^ipv[46]\s+\d+\s+(tcp|udp)\s+\d+\s+\d+\s(.*)$/;
const TUPLES =
  /\bsrc=\S+ dst=(\S+) sport=\d+ dport=(\d+) (?:packets=\d+ bytes=\d+ )?(?:\[UNREPLIED\] )?src=(\S+) dst=\S+ sport=(\d+) dport=\d+/;
/** Over, or not begun: nothing is under way. */
const OVER = /^(?:TIME_WAIT|CLOSE|NONE)\b/;
const MAX_LINE_SIZE = 4096;

/** Stands for all addresses of a front. */
export const ANY = '*';

/** Of one front and server. Addresses as in RFC 5952. */
export const flowKey = (protocol: string, front: string, frontPort: number, server: string, serverPort: number): string =>
  `${protocol} ${canonical(front)} ${frontPort} ${canonical(server)} ${serverPort}`;

function canonical(address: string): string {
  const parsed = parseAddress(address);
  return parsed === undefined ? address : formatAddress(parsed.octets, parsed.family);
}

interface Flow {
  readonly protocol: string;
  readonly front: string;
  readonly frontPort: number;
  readonly server: string;
  readonly serverPort: number;
}

/** Of a line; null if nothing is under way there, or it is none of TCP or UDP. */
export function flowOf(line: string): Flow | null {
  const head = LINE.exec(line);
  if (head === null || OVER.test(head[2]!)) return null;
  const found = TUPLES.exec(head[2]!);
  if (found === null) return null;
  const [, front, frontPort, server, serverPort] = found;
  return { protocol: head[1]!, front: front!, frontPort: Number(frontPort), server: server!, serverPort: Number(serverPort) };
}

/** How many are under way, by key: of each address of a front, and of all of them. */
export async function countFlows(file: string, timeoutMs: number): Promise<Result<ReadonlyMap<string, number>, Problem>> {
  const counts = new Map<string, number>();
  const take = (line: string): void => {
    const flow = flowOf(line);
    if (flow === null) return;
    for (const front of [flow.front, ANY]) {
      const key = flowKey(flow.protocol, front, flow.frontPort, flow.server, flow.serverPort);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  };
  const fail = (what: string) => failure('ERR_LOAD_SOURCE', `nftables ${file}: ${what}`);
  let rest = '';
  try {
    for await (const chunk of createReadStream(file, { encoding: 'latin1', signal: AbortSignal.timeout(timeoutMs) })) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > MAX_LINE_SIZE) return fail(`a line has more than ${MAX_LINE_SIZE} octets`);
      for (const line of lines) take(line);
    }
  } catch (error) {
    const name = (error as Error).name;
    if (name === 'AbortError' || name === 'TimeoutError') return fail(`the list was not read within ${timeoutMs} ms`);
    if (codeOf(error) === 'ENOENT') return fail('this kernel does not tell its connections; "measure: per-second" does without');
    return fail(messageOf(error));
  }
  take(rest);
  return ok(counts);
}
