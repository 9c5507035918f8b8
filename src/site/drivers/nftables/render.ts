// A plan as a table of nftables: one transaction that replaces the whole table or changes nothing. A new connection to a front gets a
// place of its service's table, by a hash of the client's address, in turn or at random; the place leads to the chain of a server,
// which counts it and sends it there. The kernel remembers where a connection went (conntrack), so that later packets never come
// here: who leaves the table keeps its connections. Source: nft(8), `NAT STATEMENTS`, `jhash`, `numgen`, `ct count`.

import { formatAddress, parseAddress } from '../../../base/address.ts';
import type { SiteService } from '../../../model/site.ts';
import type { DriverFront, DriverPlan, NftablesSettings } from '../../../model/site-driver.ts';
import { drawOf, familyOf, isAny } from './check-plan.ts';
import { placesOf } from './places.ts';

/** The same in all agents: a client has the same place everywhere. */
const SEED = '0x6d657269';
/** Clients whose connections are counted, for each front. */
const MOST_CLIENTS = 65_535;

/** Chain and counter of a server, by the order of the plan. */
export const chainOf = (service: number, server: number): string => `s${service}_${server}`;

export function render(plan: DriverPlan, settings: NftablesSettings, downs: ReadonlySet<string>): string {
  const { table, tableSize, isMasquerading } = settings;
  const lines: string[] = [];
  for (const [s, { id, servers }] of plan.services.entries()) {
    const protocols = new Set(plan.fronts.filter(({ serviceId }) => serviceId === id).map(({ protocol }) => protocol));
    for (const [i, server] of servers.entries()) {
      const chain = chainOf(s, i);
      const family = familyOf(server.address) === 6 ? 'ip6' : 'ip';
      const rules = [...protocols].map(
        (protocol) => `meta l4proto ${protocol} dnat ${family} to ${target(server.address, server.port)};`,
      );
      lines.push(`counter ${chain} { comment "${id}/${server.id}"; }`);
      lines.push(`chain ${chain} { counter name ${chain}; ${rules.join(' ')} }`);
    }
  }
  const limits: string[] = [];
  const ways: string[] = [];
  for (const [f, front] of plan.fronts.entries()) {
    const s = plan.services.findIndex(({ id }) => id === front.serviceId);
    const service = plan.services[s]!;
    if (front.settings.mostConnectionsPerClient < front.settings.mostConnections) {
      const type = familyOf(front.settings.address) === 6 ? 'ipv6_addr' : 'ipv4_addr';
      lines.push(`set c${f} { type ${type}; size ${MOST_CLIENTS}; flags dynamic; }`);
    }
    limits.push(...limitsOf(front, f));
    const places = placesOf(service.servers, (server) => downs.has(`${service.id}/${server.id}`), tableSize);
    if (places.length > 0) ways.push(`${match(front)} ${draw(front, service, tableSize)} vmap { ${elements(places, s)} }`);
  }
  const nat = (hook: string, priority: number, rules: readonly string[]): string =>
    `chain ${hook} { type nat hook ${hook} priority ${priority}; policy accept;\n${rules.join('\n')}\n}`;
  lines.push(`chain limits { type filter hook prerouting priority -110; policy accept;\n${limits.join('\n')}\n}`);
  lines.push(nat('prerouting', -100, ways), nat('output', -100, ways));
  // Not on the way to this machine itself: there is nothing to hide there, and the kernel drops what has no address to take.
  const masked = plan.fronts.length > 0 ? ['oifname != "lo" ct status dnat jump ours'] : [];
  if (isMasquerading) lines.push(nat('postrouting', 100, masked));
  const ours = isMasquerading ? [`chain ours {\n${masquerades(plan).join('\n')}\n}`] : [];
  // Made so that there is one to delete, deleted and made anew: all in one transaction.
  return [`table inet ${table}`, `delete table inet ${table}`, `table inet ${table} {`, ...ours, ...lines, '}', ''].join('\n');
}

export const removal = (table: string): string => `table inet ${table}\ndelete table inet ${table}\n`;

function target(address: string, port: number): string {
  const { octets, family } = parseAddress(address)!;
  return family === 6 ? `[${formatAddress(octets, 6)}]:${port}` : `${formatAddress(octets, 4)}:${port}`;
}

/** Only what was sent on by us: other tables may do likewise with what is theirs. */
function masquerades({ services, fronts }: DriverPlan): string[] {
  return fronts.map((front) => {
    const { address, port } = front.settings;
    const family = familyOf(address) === 6 ? 'ip6' : 'ip';
    const servers = services.find(({ id }) => id === front.serviceId)!.servers;
    const there = servers.map((server) => `${target(server.address, server.port).replace(/^\[?(.*?)\]?:(\d+)$/, '$1 . $2')}`);
    const original = isAny(address) ? '' : `ct original ${family} daddr ${plain(address)} `;
    const sent = there.length > 0 ? `${family} daddr . ${front.protocol} dport { ${[...new Set(there)].join(', ')} } ` : '';
    return `meta l4proto ${front.protocol} ${original}ct original proto-dst ${port} ${sent}masquerade`;
  });
}

const plain = (address: string): string => {
  const { octets, family } = parseAddress(address)!;
  return formatAddress(octets, family);
};

function match({ protocol, settings: { address, port } }: DriverFront): string {
  const family = familyOf(address) === 6 ? 'ip6' : 'ip';
  const where = isAny(address)
    ? `meta nfproto ${family === 'ip6' ? 'ipv6' : 'ipv4'} fib daddr type local`
    : `${family} daddr ${plain(address)}`;
  return `${where} ${protocol} dport ${port}`;
}

/** First bits of the client's address, as raw octets of the network header: the source is at octet 12 of IPv4, 8 of IPv6. */
function draw({ settings }: DriverFront, { balancing }: SiteService, tableSize: number): string {
  const how = drawOf(balancing.algorithm);
  if (how === 'turn') return `numgen inc mod ${tableSize}`;
  if (how === 'chance') return `numgen random mod ${tableSize}`;
  const bits = familyOf(settings.address) === 6 ? `@nh,64,${settings.keyPrefixV6}` : `@nh,96,${settings.keyPrefixV4}`;
  return `jhash ${bits} mod ${tableSize} seed ${SEED}`;
}

/** Neighbours that lead to the same server are one interval. */
function elements(places: readonly number[], service: number): string {
  const parts: string[] = [];
  for (let from = 0; from < places.length; ) {
    let to = from;
    while (places[to + 1] === places[from]) to++;
    parts.push(`${from === to ? from : `${from}-${to}`} : goto ${chainOf(service, places[from]!)}`);
    from = to + 1;
  }
  return parts.join(', ');
}

function limitsOf(front: DriverFront, f: number): string[] {
  const { protocol, settings } = front;
  const { address, mostConnections, mostConnectionsPerClient } = settings;
  const refusal = protocol === 'tcp' ? 'reject with tcp reset' : 'drop';
  const client = familyOf(address) === 6 ? 'ip6 saddr and ffff:ffff:ffff:ffff::' : 'ip saddr';
  const start = `ct state new ${match(front)}`;
  return [
    `${start} ct count over ${mostConnections} ${refusal}`,
    ...(mostConnectionsPerClient < mostConnections
      ? [`${start} add @c${f} { ${client} ct count over ${mostConnectionsPerClient} } ${refusal}`]
      : []),
  ];
}
