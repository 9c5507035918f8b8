// A zone text that somebody wants to put in place of what is served: checked as a load would, and compared record by record.

import { hasErrors, type Problem } from '../../base/errors.ts';
import { loadZone } from '../../config/zone-files.ts';
import { checkSerial } from '../../transfer/serial-check.ts';
import { compileZone } from '../../zone/compile.ts';
import { ZoneImage } from '../../zone/image.ts';
import { printImage } from '../../zone/image-text.ts';
import type { Loaded } from './load.ts';

/** Lines of each kind that are shown; all are counted. */
const MOST_LINES = 500;

interface Lines {
  readonly total: number;
  /** The first of them, as `meridian` prints records. */
  readonly lines: readonly string[];
}

export interface Difference {
  readonly serialBefore: number;
  readonly serialAfter: number;
  readonly added: Lines;
  readonly removed: Lines;
}

export interface DraftResult {
  readonly problems: readonly Problem[];
  /** Absent if there is any error. */
  readonly difference?: Difference;
}

/** `origin` is that of a zone that is loaded. */
export function checkDraft(loaded: Loaded, origin: Uint8Array, text: Uint8Array): DraftResult {
  const { snapshot, zones } = loaded;
  const index = snapshot.zones.findIndex((source) => Buffer.compare(source.origin, origin) === 0);
  const source = snapshot.zones[index]!;
  const { records, problems } = loadZone(source, snapshot.steering, text);
  if (records === undefined || hasErrors(problems)) return { problems };
  const before = new ZoneImage(zones[index]!.buffer);
  const after = new ZoneImage(compileZone(records));
  const warning = checkSerial(before, after, source.file);
  return { problems: warning === undefined ? problems : [...problems, warning], difference: compare(before, after) };
}

function compare(before: ZoneImage, after: ZoneImage): Difference {
  const old = linesOf(before);
  const fresh = linesOf(after);
  return {
    serialBefore: before.serial,
    serialAfter: after.serial,
    added: missingIn(old, fresh),
    removed: missingIn(fresh, old),
  };
}

/** A zone has no record twice, so lines are a set. */
const linesOf = (image: ZoneImage): ReadonlySet<string> => new Set(printImage(image).split('\n').slice(0, -1));

function missingIn(these: ReadonlySet<string>, those: ReadonlySet<string>): Lines {
  const missing = [...those].filter((line) => !these.has(line));
  return { total: missing.length, lines: missing.slice(0, MOST_LINES) };
}
