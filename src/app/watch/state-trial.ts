// Whether the state directory still takes what must outlive a restart: a few octets are written there, flushed and removed. A disk
// that is full or was made read-only shows here before an order is lost.

import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** The reason why nothing can be written; null if it can. */
export async function tryState(directory: string): Promise<string | null> {
  const path = join(directory, `.trial.${process.pid}`);
  try {
    const file = await open(path, 'w', 0o600);
    try {
      await file.writeFile('can this be kept?\n');
      await file.datasync();
    } finally {
      await file.close();
    }
    await rm(path, { force: true });
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
