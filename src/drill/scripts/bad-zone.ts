// A zone with an error is pushed to every server: it is refused with its line, and nothing changes.

import type { Drill } from '../model.ts';

export const badZone: Drill = {
  name: 'bad-zone',
  summary: 'a broken zone is pushed; every server refuses it with its line and answers as before',
  steps: [
    { make: 'zone-breaks', expect: [{ what: 'refused' }, { what: 'steady', state: 'home', by: 'all' }] },
    { undo: 'zone-breaks', expect: [{ what: 'steady', state: 'home', by: 'all' }] },
  ],
};
