// What `npm start` prints: questions that show, on the demo zone, what the server can do.

import type { MeridianServer } from './server.ts';

/** Networks of well-known operators in countries near each demo site. */
export const DEMO_CLIENTS = [
  { country: 'United Kingdom', address: '81.2.69.142' },
  { country: 'Japan', address: '202.12.27.33' },
  { country: 'Brazil', address: '200.160.2.3' },
  { country: 'South Africa', address: '196.216.2.1' },
  { country: 'Australia', address: '1.1.1.1' },
] as const;

export function demoText(server: MeridianServer): string {
  const { address, port } = server.endpoints[0]!;
  const ask = `dig @${address} -p ${port}`;
  return [
    '',
    'Meridian is running with its demo zone. In another terminal, ask as a client of ...',
    '',
    ...DEMO_CLIENTS.map((client) => `  ${`${ask} www.example.test +subnet=${client.address}/32`.padEnd(76)}# ${client.country}`),
    '',
    'and see why:',
    '',
    `  npx meridian explain www.example.test --client ${DEMO_CLIENTS[0].address}`,
    '',
    'Change zones/meridian.yaml or zones/example.test.zone, then: npx meridian reload',
    'Ctrl-C stops it.',
    '',
  ].join('\n');
}
