// Tells when a file has changed and come to rest. Polls, because that sees what change notifications miss: files replaced
// by rename, symbolic links that are turned, network file systems. Databases change once a day at most; seconds suffice.

import { stat } from 'node:fs/promises';

export interface WatchPorts {
  /** What changes whenever the file does; null while it does not exist or cannot be read. */
  stampOf(file: string): Promise<string | null>;
  /** Calls the task again and again, until the returned function is called. */
  every(intervalMs: number, task: () => Promise<void>): () => void;
}

const POLL_INTERVAL_MS = 5000;

/**
 * Calls `onChange` when a file differs from what it was at the first look, and has been the same for two looks: a file
 * that is still being written is left alone. A missing file is waited for. Returns the function that ends the watch.
 */
export function watchFile(
  file: string,
  onChange: () => void,
  ports: WatchPorts = systemPorts,
  intervalMs = POLL_INTERVAL_MS,
): () => void {
  let accepted: string | null | undefined;
  let previous: string | null = null;
  let isLooking = false;
  let isStopped = false;
  const look = async (): Promise<void> => {
    if (isLooking) return; // the last look still waits for a slow disk
    isLooking = true;
    const stamp = await ports.stampOf(file);
    isLooking = false;
    if (isStopped) return;
    if (accepted === undefined) accepted = stamp;
    else if (stamp !== null && stamp !== accepted && stamp === previous) {
      accepted = stamp;
      onChange();
    }
    previous = stamp;
  };
  const stop = ports.every(intervalMs, look);
  void look();
  return () => {
    isStopped = true;
    stop();
  };
}

export const systemPorts: WatchPorts = {
  async stampOf(file) {
    try {
      const { ino, size, mtimeMs } = await stat(file);
      return `${ino} ${size} ${mtimeMs}`;
    } catch {
      return null;
    }
  },
  every(intervalMs, task) {
    const timer = setInterval(() => void task(), intervalMs);
    timer.unref();
    return () => clearInterval(timer);
  },
};
