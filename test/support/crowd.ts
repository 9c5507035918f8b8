// A closed loop around a real server: clients that ask, sites that carry what the answers say, reports of that load.

import type { CapacityReport } from '../../src/app/capacity/capacity-report.ts';
import { askControl } from '../../src/app/process/control.ts';
import type { StatusReport } from '../../src/app/process/reports.ts';
import { decodeMessage, encodeQuery } from '../../src/wire/message.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { TYPE } from '../../src/wire/rrtype.ts';
import { askAll } from './ask-all.ts';
import { PATIENCE_MS } from './patience.ts';

/** Queries in one round: shares are seen to half a percent. */
const QUERIES = 200;
/** Between two rounds, about that of an agent's reports. */
const ROUND_MS = 300;

export const CAPACITY_CONFIG = (mesh = ''): string => `
server: { listen: ["127.0.0.1:0"], workers: 1, stateDirectory: var, rateLimit: { enabled: false } }
${mesh}
zones: { directory: . }
sites:
  amsterdam: { latitude: 52.37, longitude: 4.9, capacity: { max: 120, target: 100 } }
  berlin: { latitude: 52.52, longitude: 13.41, capacity: { max: 120, target: 100 } }
  vienna: { latitude: 48.21, longitude: 16.37, capacity: { max: 120, target: 100 } }
pools:
  amsterdam: { members: [{ site: amsterdam, v4: 192.0.2.1 }] }
  berlin: { members: [{ site: berlin, v4: 192.0.2.2 }] }
  vienna: { members: [{ site: vienna, v4: 192.0.2.3 }] }
policies:
  www: { rule: { failover: [{ pool: amsterdam }, { pool: berlin }, { pool: vienna }] } }
`;

/** Answers are kept for a second, so that plans act at once. */
export const CAPACITY_ZONE = `$TTL 60
@ SOA ns.example.net. h.example.net. 1 60 60 60 60
@ NS ns.example.net.
www 1 GSLB www
`;

const SITES: Readonly<Record<string, string>> = { '192.0.2.1': 'amsterdam', '192.0.2.2': 'berlin', '192.0.2.3': 'vienna' };
export type Shares = Readonly<Record<string, number>>;

/** Share of the answers that names each site; throws if an answer names none. */
export async function askShares(port: number): Promise<Shares> {
  const name = nameFromText('www.crowd.test') as Uint8Array;
  const query = encodeQuery({ id: 0, name, type: TYPE.A, flags: { rd: false, ad: false, cd: false } });
  const replies = await askAll(
    port,
    Array.from({ length: QUERIES }, () => query.slice()),
  );
  const shares: Record<string, number> = { amsterdam: 0, berlin: 0, vienna: 0 };
  for (const octets of replies) {
    const reply = decodeMessage(octets);
    const address = typeof reply === 'string' ? reply : reply.answers[0]?.rdata.join('.');
    const site = SITES[address ?? ''];
    if (site === undefined) throw new Error(`an answer names no site: ${address ?? 'nothing'}`);
    shares[site]! += 1 / QUERIES;
  }
  return shares;
}

/**
 * Lets `demand` clients ask, round after round, and `report` what each site carries, until the shares are as wanted in three
 * rounds running: those of each server (`isSo`) and their mean (`isMeanSo`).
 */
export async function crowdUntil(
  ports: readonly number[],
  demand: number,
  report: (loads: Shares) => Promise<void>,
  isSo: (shares: Shares) => boolean,
  isMeanSo: (mean: Shares, all: readonly Shares[]) => boolean = () => true,
): Promise<Shares> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  for (let good = 0; ; ) {
    const all = await Promise.all(ports.map(askShares));
    const of = (site: string): number => all.reduce((sum, shares) => sum + shares[site]!, 0) / all.length;
    const shares = { amsterdam: of('amsterdam'), berlin: of('berlin'), vienna: of('vienna') };
    await report(Object.fromEntries(Object.entries(shares).map(([site, share]) => [site, share * demand])));
    good = all.every(isSo) && isMeanSo(shares, all) ? good + 1 : 0;
    if (good === 3) return shares;
    if (performance.now() > deadlineMs) throw new Error(`shares are still ${JSON.stringify(all)}`);
    await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
  }
}

/** In which of its periods of two seconds a server made or took its last step. */
export const stepPeriod = ({ stepAgeMs }: CapacityReport): number => Math.floor((Date.now() - stepAgeMs) / 2000);

/** Reports through the control socket, as `meridian load` does. */
export const reportTo =
  (socket: string) =>
  async (loads: Shares): Promise<void> => {
    for (const [site, current] of Object.entries(loads)) {
      const reply = await askControl<object>(socket, {
        command: 'load',
        site,
        current,
        target: null,
        max: null,
        isDraining: false,
      });
      if (!reply.ok) throw new Error(reply.error.message);
    }
  };

export async function statusOf(socket: string): Promise<StatusReport> {
  const reply = await askControl<StatusReport>(socket, { command: 'status' });
  if (!reply.ok) throw new Error(reply.error.message);
  return reply.value;
}
