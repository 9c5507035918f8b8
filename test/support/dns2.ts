// dns2 as an independent reader of our replies.

import dns2 from 'dns2';
import { PATIENCE_MS } from './patience.ts';

export interface Dns2Reply {
  readonly header: { readonly id: number; readonly aa: number; readonly tc: number; readonly rcode: number };
  readonly answers: readonly Dns2Record[];
  readonly authorities: readonly Dns2Record[];
  readonly additionals: readonly Dns2Record[];
}

interface Dns2Record {
  readonly name: string;
  readonly type: number;
  readonly ttl: number;
  readonly address?: string;
}

/** Asks 127.0.0.1 through dns2's own client and decoder. */
export async function askDns2(port: number, name: string, type: string, transport: 'udp' | 'tcp'): Promise<Dns2Reply> {
  const client = transport === 'udp' ? dns2.UDPClient : dns2.TCPClient;
  const resolve = client({ dns: '127.0.0.1', port, recursive: false, timeout: PATIENCE_MS } as never) as unknown as (
    name: string,
    type: string,
  ) => Promise<Dns2Reply>;
  return resolve(name, type);
}

/** Decodes a message; throws if dns2 cannot. */
export const decodeWithDns2 = (octets: Uint8Array): Dns2Reply => dns2.Packet.parse(Buffer.from(octets)) as unknown as Dns2Reply;
