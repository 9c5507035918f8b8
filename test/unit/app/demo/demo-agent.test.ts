// The agent of a demo site is written out in the program; here is what an operator would write for the same.

import test from 'ava';
import { demoAgent } from '../../../../src/app/demo/demo-agent.ts';
import { siteFromText } from '../../../../src/config/site.ts';

const TEXT = `london:
  services:
    web:
      servers: { london-1: { address: "127.0.0.1:20001" }, london-2: { address: "127.0.0.1:20002" } }
      algorithm: round-robin
      check: { http: { path: /healthz } }
  listeners:
    web: { listen: "[::1]:8081", http: { routes: [{ match: { prefixes: [/cached] }, service: web, cache: true }, { service: web }] } }
  drainTimeout: 0s
`;

test('the agent of a demo site is what its section of a configuration would come to, defaults and all', (t) => {
  const servers = [
    { id: 'london-1', port: 20001 },
    { id: 'london-2', port: 20002 },
  ];
  t.deepEqual([demoAgent({ site: 'london', host: '::1', port: 8081 }, servers)], siteFromText(TEXT));
});
