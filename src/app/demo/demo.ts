// What `npm start` prints: questions that show, on the demo zone, what the server can do.

import type { Endpoint } from '../../model/endpoint.ts';
import { endpointText } from '../../transport/listen.ts';
import type { Place } from './demo-sites.ts';

/** Networks of well-known operators in countries near each demo site. */
export const DEMO_CLIENTS = [
  { country: 'United Kingdom', site: 'London', address: '81.2.69.142' },
  { country: 'Japan', site: 'Tokyo', address: '202.12.27.33' },
  { country: 'Brazil', site: 'Sao Paulo', address: '200.160.2.3' },
  { country: 'South Africa', site: 'Johannesburg', address: '196.216.2.1' },
  { country: 'Australia', site: 'Sydney', address: '1.1.1.1' },
] as const;

/** The addresses in the answers belong to nobody (RFC 5737); the sites themselves are here. */
function curlLines(sites: readonly Place[]): string[] {
  const [first] = sites;
  if (first === undefined) return [];
  const url = `http://${first.host}:${first.port}/`;
  return [
    `See which server of ${first.site} answers, from where it was asked in the last seconds, and take one out:`,
    '',
    `  curl ${url}`,
    // Longer than a period of the sample: the last whole one has requests in it.
    `  for i in $(seq 40); do curl -s ${url}; sleep 0.2; done; npx meridian status | grep clients`,
    `  npx meridian drain ${first.site}/web/${first.site}-1 --reason demo`,
    '',
  ];
}

/** Of a socket that takes queries to any address: the one to ask on the same machine. */
const LOCAL: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

export interface DemoFacts {
  readonly endpoints: readonly Endpoint[];
  /** The addresses of the admin API. */
  readonly admin: readonly Endpoint[];
  readonly sites: readonly Place[];
  /** Whether this machine has dig; else questions are asked by Meridian itself. */
  readonly hasDig: boolean;
}

export function demoText({ endpoints, admin, sites, hasDig }: DemoFacts): string {
  const { port } = endpoints[0]!;
  const address = LOCAL[endpoints[0]!.address] ?? endpoints[0]!.address;
  const question = (client: string): string =>
    hasDig
      ? `dig +short @${address} -p ${port} www.example.test +subnet=${client}/32`
      : `npx meridian query www.example.test @${endpointText({ address, port })} --short --subnet ${client}`;
  const width = Math.max(...DEMO_CLIENTS.map((client) => question(client.address).length));
  return [
    '',
    'Meridian is running with its demo: five sites, each with an agent that balances for two small web servers. In another',
    'terminal, ask as a client of ...',
    '',
    ...DEMO_CLIENTS.map((client) => `  ${question(client.address).padEnd(width)}  # ${client.country}: ${client.site}`),
    '',
    'and see why:',
    '',
    `  npx meridian explain www.example.test --client ${DEMO_CLIENTS[0].address}`,
    '',
    ...curlLines(sites),
    'Let a site fail. Some seconds later its clients are sent to the next nearest one:',
    '',
    '  npx meridian demo stop london',
    '  npx meridian status                       # who is up, and why',
    `  ${question(DEMO_CLIENTS[0].address)}`,
    '  npx meridian demo start london            # its clients come back, little by little',
    '',
    ...admin.map(({ address, port }) => `In a browser, on a map: http://${address}:${port}/   (the API: /api)\n`),
    'Change zones/meridian.yaml or zones/example.test.zone, then: npx meridian reload',
    'Ctrl-C stops it.',
    '',
  ].join('\n');
}
