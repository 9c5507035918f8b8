// The thread of the loader: reads what it was started for, tells what came of it, and ends.

import { parentPort, workerData } from 'node:worker_threads';
import { loadConfig } from '../../config/load.ts';
import { yieldToAnswers } from '../answering/priority.ts';
import type { LoadStart } from './early-load.ts';
import { load, loadGeographyOnly, loadZoneOnly } from './load.ts';
import { checkDraft } from './zone-draft.ts';

const { what, configFile, previous, origin, text } = workerData as LoadStart;
// At the first load there are no answers to make way for.
if (previous !== undefined) yieldToAnswers('load');
if (what === 'health') {
  const { snapshot, problems } = loadConfig(configFile, 'health');
  parentPort!.postMessage({ problems, ...(snapshot === undefined ? {} : { snapshot }) });
} else if (what === 'draft') {
  parentPort!.postMessage(checkDraft(previous!, origin!, text!));
} else if (what === 'zone') {
  parentPort!.postMessage(loadZoneOnly(previous!, origin!));
} else {
  const onlyGeography = what === 'geography' && previous !== undefined;
  parentPort!.postMessage(onlyGeography ? loadGeographyOnly(previous) : load(configFile, previous));
}
