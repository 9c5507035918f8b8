// What a process that was killed while it replaced a file has left beside it: `NAME.ENDING.PID.tmp`. Those of a process that lives are
// its own: a predecessor may still be at work in the same directory.

import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** The name under which a file is written before it takes its own. */
export const scrapOf = (path: string): string => `${path}.${process.pid}.tmp`;

/** Removes what is left of files whose name begins with `name`. To be called before this process writes any; never fails. */
export async function removeScraps(directory: string, name: string): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  const scraps = names.filter((each) => {
    const pid = each.startsWith(`${name}.`) ? /\.(\d+)\.tmp$/.exec(each)?.[1] : undefined;
    // One with our own id is of a former life: ids begin anew with each start of a container.
    return pid !== undefined && (Number(pid) === process.pid || !isAlive(Number(pid)));
  });
  await Promise.all(scraps.map((each) => rm(join(directory, each), { force: true }).catch(() => undefined)));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
