// The DNS servers are upgraded one after another: each hands its sockets to a successor, so that not even its own clients notice.

import type { Drill } from '../model.ts';

export const rollingUpgrade: Drill = {
  name: 'rolling-upgrade',
  summary: 'every DNS server is upgraded under load, one after another; none loses a query',
  steps: [
    {
      make: 'servers-upgrade',
      expect: [{ what: 'replaced' }, { what: 'joined', within: 'joined' }, { what: 'steady', state: 'home', by: 'all' }],
    },
  ],
};
