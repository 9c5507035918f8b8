// More clients come to a site than it can take: the excess goes to the next site, and comes home when the crowd is gone.

import type { Drill } from '../model.ts';

export const flashCrowd: Drill = {
  name: 'flash-crowd',
  summary: 'more clients come than a site can take; only the excess goes elsewhere, and comes home',
  steps: [
    { make: 'crowd-comes', expect: [{ what: 'relieved', within: 'relieved' }] },
    { undo: 'crowd-comes', expect: [{ what: 'home', by: 'all', within: 'home' }] },
  ],
};
