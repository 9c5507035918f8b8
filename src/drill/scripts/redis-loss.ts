// Redis is gone: every server goes on with what it knew last, and shares again when Redis is back.

import type { Drill } from '../model.ts';

export const redisLoss: Drill = {
  name: 'redis-loss',
  summary: 'Redis is gone and comes back; no answer changes',
  steps: [
    { make: 'redis-stops', expect: [{ what: 'steady', state: 'home', by: 'all' }] },
    {
      undo: 'redis-stops',
      expect: [
        { what: 'joined', within: 'joined' },
        { what: 'steady', state: 'home', by: 'all' },
      ],
    },
  ],
};
