// A site takes connections and does not answer in time: every check runs into its time limit.

import type { Drill } from '../model.ts';

export const slowSite: Drill = {
  name: 'slow-site',
  summary: 'a site answers later than its checks wait; its clients go to the next one and come home later',
  steps: [
    {
      make: 'site-slows',
      expect: [
        { what: 'away', by: 'all', within: 'silent' },
        { what: 'steady', state: 'away', by: 'all' },
      ],
    },
    { undo: 'site-slows', expect: [{ what: 'home', by: 'all', within: 'home' }] },
  ],
};
