// The rule of types that end in a digest whose kind is told by an octet before it.

/**
 * A rule for rdataCodec: the digest begins `digestAt` octets into the RDATA, the octet that tells its kind is at `kindAt`.
 * `sizes`: kind -> size of the digest in octets; other kinds may have any size from `least` on.
 */
export const digestRule =
  (kind: string, kindAt: number, digestAt: number, sizes: ReadonlyMap<number, number>, least = 1) =>
  (octets: Uint8Array, start: number, end: number): string | undefined => {
    const found = end - start - digestAt;
    const wanted = sizes.get(octets[start + kindAt]!);
    if (found === wanted || (wanted === undefined && found >= least)) return undefined;
    return `${kind} ${octets[start + kindAt]} takes ${wanted ?? `at least ${least}`} octets, found ${found}`;
  };
