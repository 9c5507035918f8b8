// The DNS servers are restarted one after another, as for an upgrade: the others answer meanwhile.

import type { Drill } from '../model.ts';

export const rollingRestart: Drill = {
  name: 'rolling-restart',
  summary: 'every DNS server is restarted, one after another; the others lose no query',
  steps: [
    {
      make: 'servers-restart',
      expect: [
        { what: 'joined', within: 'joined' },
        { what: 'steady', state: 'home', by: 'all' },
      ],
    },
  ],
};
