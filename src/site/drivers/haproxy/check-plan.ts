// What of a plan HAProxy cannot do, or could be misunderstood by it. Everything that comes into the configuration is checked here,
// whoever has checked it before: the file must not say anything but what was meant.

import type { Problem } from '../../../base/errors.ts';
import type { SiteServer, SiteService } from '../../../model/site.ts';
import type { DriverFront, DriverPlan, HaproxySettings } from '../../../model/site-driver.ts';
import { problem, quote } from '../problem.ts';
import { spreadOf } from './balance.ts';
import { endpointOf, isName, isPath, isUrlPath, MOST_DIRECTORY_CHARACTERS } from './names.ts';

const MOST_SERVERS = 4000;
const NAME_FORM = 'letters, digits and "-_.", at most 64';

export function checkPlan({ services, fronts }: DriverPlan, settings: HaproxySettings): Problem[] {
  const problems: Problem[] = [];
  const say = (message: string): void => {
    problems.push(problem('ERR_DRIVER_PLAN', `haproxy: ${message}`));
  };
  checkSettings(settings, say);
  unique('service', services, say);
  unique('front', fronts, say);
  for (const service of services) checkService(service, say);
  for (const front of fronts) checkFront(front, services, say);
  for (const { id } of services) {
    if (!fronts.some(({ serviceId }) => serviceId === id)) say(`service ${quote(id)} has no front: nobody could reach it`);
  }
  return problems;
}

type Say = (message: string) => void;

/** Names of sections and servers. The colon is for names that the driver makes. */
const isOurName = (id: string): boolean => isName(id) && !id.includes(':');

function unique(kind: string, all: readonly { readonly id: string }[], say: Say): void {
  const seen = new Set<string>();
  for (const { id } of all) {
    if (!isOurName(id)) say(`${kind} "${quote(id)}": a name may have ${NAME_FORM}`);
    if (seen.has(id)) say(`${kind} ${quote(id)} is there twice`);
    seen.add(id);
  }
}

function checkSettings({ directory, user, checks }: HaproxySettings, say: Say): void {
  if (!isPath(directory)) say(`directory "${quote(directory)}": it must be an absolute path of letters, digits and "/_.+@-"`);
  if (directory.length > MOST_DIRECTORY_CHARACTERS) {
    say(`directory "${quote(directory)}": at most ${MOST_DIRECTORY_CHARACTERS} characters, or its sockets have too long a path`);
  }
  if (user !== null && !isName(user)) say(`user "${quote(user)}": a name may have ${NAME_FORM}`);
  const path = checks?.httpPath ?? null;
  if (path !== null && !isUrlPath(path))
    say(`the path "${quote(path)}" of the check must begin with "/" and be of plain characters`);
}

function checkService({ id, servers, balancing }: SiteService, say: Say): void {
  const where = `service ${quote(id)}`;
  unique(`${where}: server`, servers, say);
  if (servers.length > MOST_SERVERS) say(`${where}: at most ${MOST_SERVERS} servers, found ${servers.length}`);
  if (spreadOf(balancing.algorithm, 32, 64) === undefined) {
    say(`${where}: HAProxy has no algorithm ${balancing.algorithm.kind}; the nearest is two-choices`);
  }
  const priorities = new Set(servers.map(({ priority }) => priority));
  if (priorities.size > 2) say(`${where}: HAProxy has two priorities (servers and backups), found ${priorities.size}`);
  else if (priorities.size > 0 && !priorities.has(0)) say(`${where}: a server of priority 0 is needed`);
  for (const server of servers) checkServer(server, `${where}: server ${quote(server.id)}`, say);
}

function checkServer({ address, port, weight, maxActive }: SiteServer, where: string, say: Say): void {
  if (endpointOf(address, port) === undefined) {
    say(`${where}: a numeric address and a port from 1 to 65535 are needed, found ${quote(address)} port ${port}`);
  }
  if (!isInteger(weight, 0, 65_535)) say(`${where}: weight is an integer from 0 to 65535, found ${weight}`);
  if (maxActive !== null && !isInteger(maxActive, 1, 2 ** 31 - 1))
    say(`${where}: maxActive is an integer above 0, found ${maxActive}`);
}

function checkFront({ id, serviceId, protocol, settings }: DriverFront, services: readonly SiteService[], say: Say): void {
  const where = `front ${quote(id)}`;
  const known = services.map((service) => service.id);
  if (!known.includes(serviceId)) say(`${where}: there is no service ${quote(serviceId)}; there are: ${quote(known.join(', '))}`);
  if (protocol === 'udp') say(`${where}: HAProxy balances tcp and http, found udp; nftables can do that`);
  if (endpointOf(settings.address, settings.port) === undefined) {
    say(
      `${where}: a numeric address and a port from 1 to 65535 are needed, found ${quote(settings.address)} port ${settings.port}`,
    );
  }
  const { mostConnections, mostConnectionsPerClient, connectTimeoutMs, attempts, idleTimeoutMs, headerTimeoutMs } = settings;
  const { keyPrefixV4, keyPrefixV6 } = settings;
  const counts = { mostConnections, mostConnectionsPerClient, connectTimeoutMs, attempts, idleTimeoutMs, headerTimeoutMs };
  for (const [name, value] of Object.entries(counts)) {
    if (!isInteger(value, 1, 2 ** 31 - 1)) say(`${where}: ${name} is an integer above 0, found ${value}`);
  }
  if (!isInteger(keyPrefixV4, 0, 32)) say(`${where}: keyPrefixV4 is an integer from 0 to 32, found ${keyPrefixV4}`);
  if (!isInteger(keyPrefixV6, 0, 128)) say(`${where}: keyPrefixV6 is an integer from 0 to 128, found ${keyPrefixV6}`);
}

const isInteger = (value: number, least: number, most: number): boolean =>
  Number.isInteger(value) && value >= least && value <= most;
