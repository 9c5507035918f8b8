// The master of Redis is gone: Sentinel promotes the replica, every process finds it, and no answer changes.

import type { Drill } from '../model.ts';

export const redisFailover: Drill = {
  name: 'redis-failover',
  summary: 'the master of Redis is gone; Sentinel promotes the replica, and no answer changes',
  steps: [
    {
      make: 'redis-master-stops',
      expect: [
        { what: 'joined', within: 'joined' },
        { what: 'steady', state: 'home', by: 'all' },
      ],
    },
    { undo: 'redis-master-stops', expect: [{ what: 'steady', state: 'home', by: 'all' }] },
  ],
};
