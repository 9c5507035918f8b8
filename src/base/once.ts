// What is made late and shared by all who ask, such as code that no start should wait for.

/** Makes it when it is first asked for, for all who ask meanwhile and later; after a failure, which they are told, anew. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
