// A thread that tells what time its clock has. See test/unit/base/clock.test.ts.

import { parentPort } from 'node:worker_threads';
import { systemClock } from '../../src/base/clock.ts';

parentPort!.postMessage(systemClock.monotonicMs());
