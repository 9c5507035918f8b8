// The native addons (native/): where they are, whether they are used, and why one is not. The only file that loads any. Every thread
// loads an addon for itself. Whoever uses one does without where it is not there, and says so with the reason.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Beside dist/ in a checkout as in an installed package. */
const BUILD = fileURLToPath(new URL('../../../native/build/', import.meta.url));
/** Environment variable that switches all of them off. */
const SWITCH = 'MERIDIAN_NATIVE';
/** Where the build has noted why there is none (native/build.mjs). */
const NOTES = { 'packet-io': 'reason', fleet: 'fleet.reason', relay: 'relay.reason' } as const;

export type AddonName = keyof typeof NOTES;

/** The addon, or the reason for its absence in words that follow "because". */
export type AddonStatus<Addon> = { readonly addon: Addon } | { readonly addon: undefined; readonly reason: string };

/** Where addons are looked for, and what may switch them off. */
export interface AddonPlace {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Ends with a slash. */
  readonly directory?: string;
}

/**
 * Every part that its caller knows of an addon: one that lacks any was built from other sources, beside a program that has been
 * replaced since, and is not used.
 */
export type AddonParts<Addon> = Readonly<Record<keyof Addon, true>>;

/** What the parts of an addon are is what its caller says: it comes with the program. */
export function loadAddon<Addon>(
  name: AddonName,
  parts: AddonParts<Addon>,
  { env = process.env, directory = BUILD }: AddonPlace = {},
): AddonStatus<Addon> {
  if (env[SWITCH] === 'off') return { addon: undefined, reason: `${SWITCH}=off` };
  const file = `${directory}${name}.node`;
  try {
    const addon = createRequire(import.meta.url)(file) as object;
    const missing = Object.keys(parts).find((part) => !(part in addon));
    return missing === undefined
      ? { addon: addon as Addon }
      : { addon: undefined, reason: `it was built for another release: it has no ${missing}` };
  } catch (error) {
    return { addon: undefined, reason: absence(`${directory}${NOTES[name]}`, file, error) };
  }
}

/** How to have an addon that is not used, to be said behind the reason; nothing where it is meant. */
export const remedyFor = (reason: string): string =>
  reason === `${SWITCH}=off`
    ? ''
    : `; install a C++ compiler, make and python3 and run 'node native/build.mjs --force', or set ${SWITCH}=off if that is meant`;

function absence(note: string, file: string, error: unknown): string {
  if (existsSync(file)) return `it does not load: ${firstLine(error instanceof Error ? error.message : String(error))}`;
  return existsSync(note) ? firstLine(readFileSync(note, 'utf8')) : 'it has not been built';
}

const firstLine = (text: string): string => text.split('\n', 1)[0]!;
