// What must hold between the driver of a site and the rest of its section: what the other balancer does itself is not to be said here,
// and what it cannot do is not to be left out silently.

import type { z } from 'zod';
import type { LoadUnit } from '../model/capacity.ts';
import { DRIVES, type DriverSettings } from '../model/site-driver.ts';
import { complaint } from './fields.ts';
import { type HttpConfig, httpSchema } from './site-http-schema.ts';
import type { Path } from './yaml.ts';

interface Site {
  readonly driver?: DriverSettings | undefined;
  readonly services?: Readonly<Record<string, { readonly check: object | null }>> | undefined;
  readonly listeners: Readonly<Record<string, Listener>>;
  readonly load: { readonly max: number | null };
}

interface Listener {
  readonly tcp?: object | undefined;
  readonly udp?: object | undefined;
  readonly http?: HttpConfig | undefined;
  readonly load?: object | undefined;
  readonly agentCheck?: object | undefined;
}

type Say = (path: Path, message: string) => void;

/** What a driver counts; undefined = whatever the site counts. */
export function measuredUnit({ kind, measure }: DriverSettings): LoadUnit | undefined {
  if (kind === 'prometheus' || kind === 'posted') return undefined;
  return measure === 'connections' ? 'connections' : 'requests/s';
}

export function checkDriver(site: Site, { addIssue }: Pick<z.core.$RefinementCtx, 'addIssue'>): void {
  const { driver, services, listeners, load } = site;
  const say: Say = (path, message) => addIssue({ ...complaint('ERR_CONFIG_VALUE', message), path: [...path] });
  if (driver === undefined) {
    if (services === undefined) addIssue(complaint('ERR_CONFIG_MISSING', 'needs the key "services", or a driver'));
    return;
  }
  const { kind } = driver;
  if (!DRIVES.has(kind) && services !== undefined)
    say(['services'], `stand beside the driver ${kind}, which only reads; remove them`);
  if (kind !== 'haproxy-attach' && DRIVES.has(kind) && services === undefined) {
    addIssue(complaint('ERR_CONFIG_MISSING', `needs the key "services": the driver ${kind} is told what to balance`));
  }
  if (load.max !== null) say(['load', 'max'], 'is of our own balancer; what another one can take is "max" of its driver');
  for (const [id, service] of Object.entries(services ?? {})) {
    const checksItself = kind === 'haproxy-attach' || (kind === 'haproxy' && driver.checks !== null);
    if (service.check !== null && checksItself) {
      say(['services', id, 'check'], `stands beside the driver ${kind}, which checks its servers itself; remove one of the two`);
    }
  }
  for (const [id, listener] of Object.entries(listeners)) {
    checkFront(kind, ['listeners', id], listener, say);
    for (const layer of ['tcp', 'udp'] as const) checkOwn(kind, ['listeners', id, layer], listener[layer] ?? {}, say);
  }
  if (kind === 'posted' && !Object.values(listeners).some(({ load: told }) => told !== undefined)) {
    addIssue(complaint('ERR_CONFIG_MISSING', 'needs a listener with "load: {}", where the load is posted to'));
  }
}

function checkFront(kind: DriverSettings['kind'], path: Path, listener: Listener, say: Say): void {
  const { http, udp, load, agentCheck } = listener;
  if (load !== undefined || agentCheck !== undefined) return;
  if (kind !== 'haproxy' && kind !== 'nftables') {
    say(path, `takes clients, which is the affair of ${kind}; with this driver a listener is load or agentCheck`);
  } else if (http !== undefined && kind === 'haproxy') checkHttp([...path, 'http'], http, say);
  else if (udp !== undefined && kind === 'haproxy')
    say(path, 'is udp, and HAProxy balances connections; the driver nftables can do that');
  else if (http !== undefined) say(path, 'is http, and the kernel balances connections; take tcp, or the driver haproxy');
}

/** Of a listener at layer 4, what no other balancer is told. */
const OWN = [
  'serverNames',
  'connectionRate',
  'connectionRatePerClient',
  'silenceTimeout',
  'flowRate',
  'flowRatePerClient',
  'replies',
];

function checkOwn(kind: string, path: Path, settings: object, say: Say): void {
  for (const key of OWN) {
    const value: unknown = (settings as Readonly<Record<string, unknown>>)[key] ?? null;
    if (value === null || JSON.stringify(value) === '{}') continue;
    say([...path, key], `is more than the driver ${kind} carries out; leave it out, or balance by our own engine`);
  }
}

/** Keys of a listener at layer 7 that HAProxy is told. */
const TOLD: Readonly<Record<'limits' | 'timeouts', ReadonlySet<string>>> = {
  limits: new Set(['connections', 'connectionsPerClient']),
  timeouts: new Set(['head', 'connect', 'response']),
};

function checkHttp(path: Path, http: HttpConfig, say: Say): void {
  const usual = httpSchema.parse({ service: 'any' });
  const refuse = (...keys: readonly string[]): void =>
    say([...path, ...keys], 'is more than the driver haproxy carries out; leave it out, or balance by our own engine');
  for (const key of ['routes', 'tls', 'trustedProxies', 'xForwarded', 'forwarded'] as const) {
    if (JSON.stringify(http[key]) !== JSON.stringify(usual[key])) refuse(key);
  }
  for (const part of ['limits', 'timeouts'] as const) {
    for (const [key, value] of Object.entries(http[part])) {
      if (!TOLD[part].has(key) && value !== (usual[part] as Readonly<Record<string, unknown>>)[key]) refuse(part, key);
    }
  }
}
