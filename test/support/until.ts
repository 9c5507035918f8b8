// Waiting for something that other callbacks bring about, without a clock: turns of the event loop are counted instead.

const MAX_TURNS = 1_000_000;

export async function until(isTrue: () => boolean): Promise<void> {
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    if (isTrue()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`still not so after ${MAX_TURNS} turns of the event loop: ${isTrue}`);
}
