// One of the web servers of a site is gone: the agent sends requests to the other, and no answer of DNS changes.

import type { Drill } from '../model.ts';

export const serverLoss: Drill = {
  name: 'server-loss',
  summary: 'one web server of a site is gone; the other one serves, and no answer changes',
  steps: [
    { make: 'web-server-stops', expect: [{ what: 'steady', state: 'home', by: 'all' }, { what: 'served' }] },
    { undo: 'web-server-stops', expect: [{ what: 'steady', state: 'home', by: 'all' }, { what: 'served' }] },
  ],
};
