// The kernel's IPVS table, from /proc/net/ip_vs: virtual services, and below each its real servers. Addresses and ports are hexadecimal;
// IPv6 is in brackets. It tells neither limits (`max` is the operator's) nor counts since the start.
//
//   TCP  C0000201:0050 wlc
//     -> 0A000002:1F90      Masq    1      12         3
//   TCP  [2001:0db8:0000:0000:0000:0000:0000:0001]:0050 wlc
//   FWM  0000000A rr

import { formatAddress } from '../../../base/address.ts';
import type { Problem } from '../../../base/errors.ts';
import { ok, type Result } from '../../../base/result.ts';
import { countOf } from '../numbers.ts';
import { failure, quote } from '../problem.ts';
import type { CountedServer, Servers } from './servers.ts';

const HEAD = /^IP Virtual Server version /;
const SERVICE = /^(TCP|UDP|SCTP)\s+(\S+)\s+\S+|^FWM\s+([0-9A-F]{8})\s+\S+/;
const SERVER = /^\s+->\s+(\S+)\s+(?:Masq|Route|Tunnel|Local|Bypass)\s+(\d+)\s+(\d+)\s+(\d+)\s*$/;
const ENDPOINT = /^(?:([0-9A-Fa-f]{8})|\[([0-9a-fA-F:]{39})\]):([0-9A-Fa-f]{4})$/;

export function parseIpvs(text: string, where: string): Result<Servers, Problem> {
  const lines = text.split('\n');
  const bad = (i: number) => {
    return failure('ERR_LOAD_FORM', `${where}:${i + 1}: this is no line of an IPVS table: "${quote(lines[i] ?? '')}"`);
  };
  if (!HEAD.test(lines[0] ?? '')) return bad(0);
  const services: string[] = [];
  const servers: CountedServer[] = [];
  for (const [i, line] of lines.entries()) {
    if (i === 0 || line.trim() === '' || /^Prot\s|^\s+-> RemoteAddress:/.test(line)) continue;
    const service = SERVICE.exec(line);
    if (service !== null) {
      const name = service[3] === undefined ? endpointOf(service[2]!) : String(Number.parseInt(service[3], 16));
      if (name === undefined) return bad(i);
      services.push(`${service[1] ?? 'FWM'} ${name}`);
      continue;
    }
    const server = SERVER.exec(line);
    const serverId = server === null ? undefined : endpointOf(server[1]!);
    const [weight, current] = [countOf(server?.[2] ?? ''), countOf(server?.[3] ?? '')];
    const serviceId = services.at(-1);
    if (serverId === undefined || weight === undefined || current === undefined || serviceId === undefined) return bad(i);
    const state = weight === 0 ? 'draining' : 'up';
    servers.push({ serviceId, serverId, state, current, max: null, waiting: 0, weight, total: 0 });
  }
  return ok({ services, servers, waiting: 0 });
}

/** `0A000002:1F90` as `10.0.0.2:8080`. */
function endpointOf(text: string): string | undefined {
  const found = ENDPOINT.exec(text);
  if (found === null) return undefined;
  const [, v4, v6, port] = found;
  const digits = v4 ?? v6!.replaceAll(':', '');
  if (digits.length !== (v4 === undefined ? 32 : 8)) return undefined;
  const octets = Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
  const address = formatAddress(octets, v4 === undefined ? 6 : 4);
  return `${v4 === undefined ? `[${address}]` : address}:${Number.parseInt(port!, 16)}`;
}
