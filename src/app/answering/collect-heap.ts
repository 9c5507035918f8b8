// A full collection of the heap of the thread that calls, at once. V8 lends its collector only to contexts that are made while the
// flag for it is set. The flag is one for the whole process, so nobody takes it back: threads that do this for the first time at the
// same moment, as a worker and the control thread do after a reload, would take it from one another between setting it and making
// the context, and who then finds no collector dies of it. What stays is a function `gc` in contexts that are made later.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let gc: (() => void) | undefined;

export function collectHeap(): void {
  if (gc === undefined) {
    setFlagsFromString('--expose-gc');
    gc = runInNewContext('gc') as () => void;
  }
  gc();
}
