// A DNS server is killed: the others answer everybody, and it is itself again when it is back.

import type { Drill } from '../model.ts';

export const dnsKill: Drill = {
  name: 'dns-kill',
  summary: 'a DNS server is killed; the others answer, and it comes back with what it knew',
  steps: [
    { make: 'dns-server-stops', expect: [{ what: 'steady', state: 'home', by: 'others' }] },
    {
      undo: 'dns-server-stops',
      expect: [
        { what: 'answering', within: 'answering' },
        { what: 'steady', state: 'home', by: 'all' },
      ],
    },
  ],
};
