// Waiting for Redis, with an end. What has come when the time is over is read first: a process that was held up must not take its own
// lateness for that of Redis.

/** Undefined = it takes longer than `ms`; what comes later is dropped, an error too. Rejects with what comes in time. */
export function inTime<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => setImmediate(() => resolve(undefined)), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
