// A site gets the certificate of another name: every check fails at once, as every client would.

import type { Drill } from '../model.ts';

export const badCertificate: Drill = {
  name: 'bad-certificate',
  summary: 'a site gets the certificate of another name; its clients go to the next one and come home later',
  steps: [
    {
      make: 'certificate-wrong',
      expect: [
        { what: 'away', by: 'all', within: 'refused' },
        { what: 'steady', state: 'away', by: 'all' },
      ],
    },
    { undo: 'certificate-wrong', expect: [{ what: 'home', by: 'all', within: 'home' }] },
  ],
};
