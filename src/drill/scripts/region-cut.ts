// A region is cut off from the others: they lose its site, and its own server goes on with what it knew last.

import type { Drill } from '../model.ts';

export const regionCut: Drill = {
  name: 'region-cut',
  summary: 'a region is cut off; the others send its clients elsewhere, its own server answers as it did',
  steps: [
    {
      make: 'region-cut',
      expect: [
        { what: 'away', by: 'others', within: 'silent' },
        { what: 'steady', state: 'away', by: 'others' },
        { what: 'steady', state: 'home', by: 'own' },
      ],
    },
    {
      undo: 'region-cut',
      expect: [
        { what: 'joined', within: 'joined' },
        { what: 'home', by: 'all', within: 'home' },
      ],
    },
  ],
};
