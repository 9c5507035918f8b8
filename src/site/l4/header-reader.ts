// What stands at the beginning of a connection, for layer 4: the PROXY header of a proxy, which is taken off; the name in a TLS ClientHello,
// or anything at all, which stay to be read by the server.

import { readBeginning } from './beginning.ts';
import { type HelloOutcome, HelloReader } from './client-hello.ts';
import type { Line } from './line.ts';
import { type ProxyHeader, readProxyHeader } from './proxy-header.ts';

type Outcome = Exclude<ProxyHeader, { kind: 'partial' }>;

const NOTHING: Buffer = Buffer.alloc(0);

/** Calls `done` once, unless the client goes away first. */
export function readHeader(line: Line, timeoutMs: number, done: (outcome: Outcome) => void): void {
  let octets = NOTHING;
  let outcome: Outcome | null = null;
  const take = (chunk: Buffer): Buffer | null => {
    octets = octets.length === 0 ? chunk : Buffer.concat([octets, chunk]);
    const header = readProxyHeader(octets);
    if (header.kind === 'partial') return null;
    outcome = header;
    return header.kind === 'whole' ? octets.subarray(header.size) : NOTHING;
  };
  readBeginning(line, timeoutMs, take, (how) =>
    done(outcome ?? { kind: 'bad', why: incomplete('PROXY header', how, timeoutMs) }),
  );
}

/** As readHeader; all that was read goes back. */
export function readServerName(line: Line, timeoutMs: number, done: (outcome: HelloOutcome) => void): void {
  const reader = new HelloReader();
  const chunks: Buffer[] = [];
  let outcome: HelloOutcome | null = null;
  const take = (chunk: Buffer): Buffer | null => {
    chunks.push(chunk);
    outcome = reader.take(chunk);
    return outcome === null ? null : Buffer.concat(chunks);
  };
  readBeginning(line, timeoutMs, take, (how) => done(outcome ?? { kind: 'bad', why: incomplete('ClientHello', how, timeoutMs) }));
}

/** Waits until the client has sent anything, which goes back. */
export function readFirstOctets(line: Line, timeoutMs: number, done: (hasSpoken: boolean) => void): void {
  readBeginning(
    line,
    timeoutMs,
    (chunk) => chunk,
    (how) => done(how === 'enough'),
  );
}

const incomplete = (what: string, how: string, timeoutMs: number): string =>
  how === 'late' ? `${what}: not whole within ${timeoutMs} ms` : `${what}: the connection ended before it was whole`;
