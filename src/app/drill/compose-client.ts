// What the client of docker-compose.yml knows: servers, client networks and sites by address, and the script that asks all of them all
// the time. The drills and the proof of the stack (test/compose) ask with the same one.

import type { World } from '../../drill/model.ts';

const ANSWER_LIMIT_SEC = 3;
const PAUSE_SEC = 0.3;

/** The name of the policy with one site for each client. */
export const NAME = 'www.example.test';

export const CLIENTS: World['clients'] = [
  { network: '192.0.2.0/24', label: 'europe' },
  { network: '198.51.100.0/24', label: 'america' },
  { network: '203.0.113.0/24', label: 'asia' },
];

/** Server, its address in the network between the regions, and that in the network of its own region. */
export const SERVERS: Readonly<Record<string, readonly [string, string]>> = {
  'dns-1': ['10.153.0.11', '10.153.1.11'],
  'dns-2': ['10.153.0.12', '10.153.2.12'],
  'dns-3': ['10.153.0.13', '10.153.3.13'],
};

/** Address in an answer, and the site that it belongs to. */
export const SITES: Readonly<Record<string, string>> = {
  '10.153.0.101': 'frankfurt',
  '10.153.0.111': 'newyork',
  '10.153.0.121': 'singapore',
};

/**
 * A shell script for the container `client`: prints a line `SERVER NETWORK ANSWER...` for each answer, without one if none came, and ends
 * with its input, so that nothing of it stays behind. A server at a time and all of them beside one another: one that does not answer
 * holds nobody up.
 */
export function questionScript(servers: readonly string[]): string {
  const networks = CLIENTS.map(({ network }) => network).join(' ');
  const question = `dig +short +tries=1 +time=${ANSWER_LIMIT_SEC} @$s ${NAME} +subnet=$n`;
  const round = `for n in ${networks}; do a=$(${question} | tr '\\n' ' '); echo "$s $n $a"; done`;
  return `for s in ${servers.join(' ')}; do (while :; do ${round}; sleep ${PAUSE_SEC}; done) & done; cat > /dev/null; kill 0`;
}
