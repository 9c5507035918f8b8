// Upstreams of NGINX Plus, from its API: GET <api>/http/upstreams gives {"<name>": {"peers": [{"server", "name", "state", "active",
// "max_conns", "requests", "weight", "backup", ...}], "queue": {"size", ...}, ...}, ...}.

import type { Problem } from '../../../base/errors.ts';
import type { Result } from '../../../base/result.ts';
import type { ServerState } from '../../../model/site-driver.ts';
import { listAt, numberAt, objectAt, textAt } from './fields.ts';
import { parseJson } from './parse.ts';
import type { Servers } from './servers.ts';

const MOST_PEERS = 100_000;
const STATES: Readonly<Record<string, ServerState>> = {
  up: 'up',
  draining: 'draining',
  down: 'maintenance',
  unavail: 'down',
  unhealthy: 'down',
  checking: 'down',
};

export function parseNginxPlus(text: string, where: string): Result<Servers, Problem> {
  return parseJson(text, where, (value) => {
    const upstreams = Object.entries(objectAt(value, 'the page'));
    let waiting = 0;
    const servers = upstreams.flatMap(([serviceId, upstream]) => {
      const { peers, queue } = objectAt(upstream, serviceId);
      if (queue !== undefined) waiting += numberAt(objectAt(queue, `${serviceId}.queue`)['size'], `${serviceId}.queue.size`, 0);
      return listAt(peers, `${serviceId}.peers`, MOST_PEERS).map((one, i) => {
        const at = `${serviceId}.peers[${i}]`;
        const peer = objectAt(one, at);
        return {
          serviceId,
          serverId: textAt(peer['server'], `${at}.server`),
          state: STATES[textAt(peer['state'], `${at}.state`)] ?? 'unknown',
          current: numberAt(peer['active'], `${at}.active`),
          max: numberAt(peer['max_conns'], `${at}.max_conns`, 0) || null,
          waiting: 0,
          weight: peer['backup'] === true ? 0 : numberAt(peer['weight'], `${at}.weight`, 1),
          total: numberAt(peer['requests'], `${at}.requests`),
        };
      });
    });
    return { services: upstreams.map(([name]) => name), servers, waiting };
  });
}
