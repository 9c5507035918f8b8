// A site is gone: connections to it are refused.

import type { Drill } from '../model.ts';

export const siteLoss: Drill = {
  name: 'site-loss',
  summary: 'a site refuses connections; its clients go to the next one and come home later',
  steps: [
    {
      make: 'site-stops',
      expect: [
        { what: 'away', by: 'all', within: 'refused' },
        { what: 'steady', state: 'away', by: 'all' },
      ],
    },
    { undo: 'site-stops', expect: [{ what: 'home', by: 'all', within: 'home' }] },
  ],
};
