// Entry of the thread that serves the API. What it shall serve is in its workerData, or is its first message: then it was started to
// read its code beforehand.

import { parentPort, workerData } from 'node:worker_threads';
import type { ApiStart } from './api-messages.ts';
import { serveApi } from './api-service.ts';

const start = workerData as ApiStart | null;
if (start === null) parentPort!.once('message', (first: ApiStart) => void serveApi(first));
else await serveApi(start);
