// Databases and network maps that other programs replace: read again when they have changed.

import { watchFile } from '../../geo/watch.ts';
import { geographyFiles } from '../loading/geography-files.ts';
import type { MeridianServer } from './server.ts';

/** Watches the files of the geography that is served, until the returned function is called. */
export function watchGeography(server: MeridianServer): () => void {
  let watches: (() => void)[] = [];
  let watched = '';
  const start = (): void => {
    const { geo } = server.loaded.get().snapshot;
    const files = geo.watch ? geographyFiles(geo) : [];
    // A new watch would take what a file is now for what was loaded: watches go on as long as the files are the same ones.
    if (files.join('\n') === watched) return;
    watched = files.join('\n');
    for (const stop of watches) stop();
    watches = files.map((file) => watchFile(file, () => void server.reloadGeography()));
  };
  start();
  const stopFollowing = server.loaded.watch(start);
  return () => {
    stopFollowing();
    for (const stop of watches) stop();
  };
}
