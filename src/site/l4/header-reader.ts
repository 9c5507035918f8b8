// Takes the PROXY header off the beginning of a connection that a proxy has opened. What follows it stays to be read by whoever comes
// next. Bounded in octets by the header's own bounds, and in time.

import type { Socket } from 'node:net';
import { type ProxyHeader, readProxyHeader } from './proxy-header.ts';

type Outcome = Exclude<ProxyHeader, { kind: 'partial' }>;

/** Calls `done` once, unless the client goes away first. The socket is paused before and after. */
export function readHeader(client: Socket, timeoutMs: number, done: (outcome: Outcome) => void): void {
  let octets: Buffer = Buffer.alloc(0);
  const finish = (outcome: Outcome): void => {
    clearTimeout(timer);
    client.off('data', take);
    client.off('end', end);
    client.off('close', gone);
    client.pause();
    if (outcome.kind === 'whole' && outcome.size < octets.length) client.unshift(octets.subarray(outcome.size));
    done(outcome);
  };
  const take = (chunk: Buffer): void => {
    octets = octets.length === 0 ? chunk : Buffer.concat([octets, chunk]);
    const header = readProxyHeader(octets);
    if (header.kind !== 'partial') finish(header);
  };
  const end = (): void => finish({ kind: 'bad', why: 'PROXY header: the connection ended before it was whole' });
  const gone = (): void => clearTimeout(timer);
  const timer = setTimeout(() => finish({ kind: 'bad', why: `PROXY header: not whole within ${timeoutMs} ms` }), timeoutMs);
  client.on('data', take);
  client.once('end', end);
  client.once('close', gone);
  client.resume();
}
