// How long tests wait for real programs and sockets. Only what has failed ever waits so long: a machine may be ten times slower
// than usual and busy with something else, and the threads that load files make way for everybody. Below the time after which
// AVA gives up a run in which nothing happens (package.json), so that what was waited for is told.

export const PATIENCE_MS = 300_000;
/** Pause between two looks at what nobody tells. */
const LOOK_INTERVAL_MS = 100;

/** Waits for what another process brings about without telling. Throws what `why` says if it does not come. */
export async function eventually(isTrue: () => boolean | Promise<boolean>, why: () => string): Promise<void> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  while (!(await isTrue())) {
    if (performance.now() > deadlineMs) throw new Error(why());
    await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS));
  }
}
