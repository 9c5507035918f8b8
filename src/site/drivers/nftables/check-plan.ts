// What of a plan the kernel cannot do, or nft could misunderstand. Names come into comments only, and are checked all the same.

import { isPrime } from '../../../balance/maglev.ts';
import { type Family, parseAddress } from '../../../base/address.ts';
import type { Problem } from '../../../base/errors.ts';
import type { Algorithm, SiteServer } from '../../../model/site.ts';
import type { DriverFront, DriverPlan, NftablesSettings } from '../../../model/site-driver.ts';
import { problem, quote, warning } from '../problem.ts';

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;
const TABLE = /^[a-z][a-z0-9_]{0,30}$/;
const MOST_PLACES = 65_537;

/** How the kernel draws a place: by the client's address, in turn, or at random. */
export function drawOf({ kind }: Algorithm): 'hash' | 'turn' | 'chance' | undefined {
  if (kind === 'ip-hash' || kind === 'ring' || kind === 'maglev') return 'hash';
  if (kind === 'round-robin' || kind === 'weighted-round-robin') return 'turn';
  return kind === 'random' ? 'chance' : undefined;
}

export const familyOf = (address: string): Family | undefined => parseAddress(address)?.family;

/** 0.0.0.0 or ::, of an address that was checked. */
export const isAny = (address: string): boolean => parseAddress(address)!.octets.every((octet) => octet === 0);

export function checkPlan({ services, fronts }: DriverPlan, { table, tableSize }: NftablesSettings): Problem[] {
  const problems: Problem[] = [];
  const say = (message: string): void => {
    problems.push(problem('ERR_DRIVER_PLAN', `nftables: ${message}`));
  };
  if (!TABLE.test(table)) say(`table "${quote(table)}": a name may have small letters, digits and "_", at most 31`);
  if (!isPrime(tableSize) || tableSize > MOST_PLACES) say(`tableSize is a prime up to ${MOST_PLACES}, found ${tableSize}`);
  unique('service', services, say);
  unique('front', fronts, say);
  for (const { id, servers, balancing } of services) {
    unique(`service ${quote(id)}: server`, servers, say);
    if (drawOf(balancing.algorithm) === undefined) {
      const what = 'hashing (maglev), round-robin, weighted-round-robin and random';
      say(`service ${quote(id)}: the kernel can do ${what}, found ${balancing.algorithm.kind}`);
    }
    if (servers.length * 2 > tableSize)
      say(`service ${quote(id)}: ${servers.length} servers need a larger tableSize than ${tableSize}`);
    for (const server of servers) checkServer(server, `service ${quote(id)}: server ${quote(server.id)}`, say);
  }
  for (const front of fronts) checkFront(front, services.find(({ id }) => id === front.serviceId)?.servers, say);
  return problems;
}

/** Settings without a counterpart, once for each service. */
export function leftOut({ services }: DriverPlan): Problem[] {
  const warnings: Problem[] = [];
  const say = (message: string): void => {
    warnings.push(warning('ERR_DRIVER_UNSUPPORTED', `nftables: ${message}`));
  };
  for (const { id, servers, balancing } of services) {
    if (servers.some(({ maxActive }) => maxActive !== null)) say(`service ${id}: the kernel has no limit for each server`);
    if (balancing.outlier !== null || balancing.breaker !== null) say(`service ${id}: the kernel sees no failures of servers`);
  }
  return warnings;
}

type Say = (message: string) => void;

function unique(kind: string, all: readonly { readonly id: string }[], say: Say): void {
  const seen = new Set<string>();
  for (const { id } of all) {
    if (!NAME.test(id)) say(`${kind} "${quote(id)}": a name may have letters, digits and "-_.", at most 63`);
    if (seen.has(id)) say(`${kind} ${quote(id)} is there twice`);
    seen.add(id);
  }
}

const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= 65_535;

function checkServer({ address, port, weight }: SiteServer, where: string, say: Say): void {
  if (familyOf(address) === undefined || !isPort(port)) {
    say(`${where}: a numeric address and a port from 1 to 65535 are needed, found ${quote(address)} port ${port}`);
  }
  if (!Number.isInteger(weight) || weight < 0 || weight > 65_535) {
    say(`${where}: weight is an integer from 0 to 65535, found ${weight}`);
  }
}

function checkFront(
  { id, protocol, serviceId, settings }: DriverFront,
  servers: readonly SiteServer[] | undefined,
  say: Say,
): void {
  const where = `front ${quote(id)}`;
  const { address, port, proxyFrom, proxyTo, keyPrefixV4, keyPrefixV6, mostConnections, mostConnectionsPerClient } = settings;
  const family = familyOf(address);
  if (protocol === 'http') say(`${where}: the kernel balances tcp and udp, found http; haproxy can do that`);
  if (family === undefined || !isPort(port)) {
    say(`${where}: a numeric address and a port from 1 to 65535 are needed, found ${quote(address)} port ${port}`);
  }
  if (proxyFrom.length > 0 || proxyTo !== null) say(`${where}: the kernel neither reads nor writes PROXY headers`);
  if (!isWholeOctets(keyPrefixV4, 32)) say(`${where}: keyPrefixV4 is 8, 16, 24 or 32, found ${keyPrefixV4}`);
  if (!isWholeOctets(keyPrefixV6, 128)) say(`${where}: keyPrefixV6 is a multiple of 8 from 8 to 128, found ${keyPrefixV6}`);
  for (const [name, value] of Object.entries({ mostConnections, mostConnectionsPerClient })) {
    if (!Number.isInteger(value) || value < 1 || value > 2 ** 31 - 1)
      say(`${where}: ${name} is an integer above 0, found ${value}`);
  }
  if (servers === undefined) say(`${where}: there is no service ${quote(serviceId)}`);
  const stranger = servers?.find((server) => familyOf(server.address) !== family);
  if (stranger !== undefined) say(`${where}: it is IPv${family}, and the server ${quote(stranger.id)} is not`);
}

const isWholeOctets = (bits: number, most: number): boolean =>
  Number.isInteger(bits) && bits >= 8 && bits <= most && bits % 8 === 0;
