// Waiting for what other processes bring about without telling, and how long it took.

const LOOK_INTERVAL_MS = 50;

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Milliseconds until it was true; infinity if it was not within `limitMs`. */
export async function waitFor(isTrue: () => boolean | Promise<boolean>, limitMs: number): Promise<number> {
  const startMs = performance.now();
  for (;;) {
    const isSo = await isTrue();
    const tookMs = performance.now() - startMs;
    if (isSo) return tookMs;
    if (tookMs > limitMs) return Number.POSITIVE_INFINITY;
    await sleep(LOOK_INTERVAL_MS);
  }
}
