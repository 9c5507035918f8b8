// Kinds of values that schemas are made of. Each carries one phrase that says what is allowed; the phrase serves both the
// error message ("must be <phrase>, found ...") and the column of docs/reference/config.md, so that they cannot differ.

import { z } from 'zod';
import { formatAddress, parseAddress, parseCidr } from '../base/address.ts';
import type { ErrorCode } from '../base/errors.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { nameFromText, ROOT } from '../wire/name.ts';
import { didYouMean, list } from './suggest.ts';
import { parseDistance, parseDuration, parseSize } from './units.ts';

declare module 'zod' {
  interface GlobalMeta {
    /** What is allowed, as a phrase that fits behind "must be". */
    readonly form?: string;
    /** YAML to show in the reference. */
    readonly example?: string;
    /** How the reference names the keys of a map that the operator chooses, e.g. `site`. */
    readonly keyName?: string;
    /** How many entries a list may have. */
    readonly entries?: string;
    /** First sentences of a chapter, where they differ from the description. */
    readonly intro?: string;
    /** Title of the chapter of the reference that describes this schema; it is not repeated where it is used. */
    readonly chapter?: string;
  }
}

/** What zod needs to complain with a code of the catalogue; the message continues "<path> ". */
export const complaint = (code: ErrorCode, message: string) => ({ code: 'custom' as const, message, params: { code } });

/** Checks between keys wait until each key is right by itself: what they would say of a wrong one is noise. */
export const ONCE_RIGHT = { when: ({ issues }: { readonly issues: readonly unknown[] }) => issues.length === 0 };

/** A map with fixed keys. The message of an unknown key is the list of the known ones (issues.ts makes a sentence of it). */
export function fields<Shape extends z.ZodRawShape>(shape: Shape) {
  const keys = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? keys : `must be a map with the keys ${keys}`),
  });
}

/** A map whose keys the operator chooses. */
export function mapOf<Key extends z.ZodType<string, string>, Value extends z.ZodType>(key: Key, value: Value, keyName: string) {
  return z.record(key, value, `must be a map by ${keyName}`).meta({ keyName });
}

/** A list of `min` to `max` things. */
export function listOf<Item extends z.ZodType>(item: Item, min: number, max: number) {
  const entries = `${min} to ${max}`;
  const error = `must be a list of ${entries} entries`;
  return z.array(item, error).min(min, error).max(max, error).meta({ entries });
}

export function integer(min: number, max: number, unit = '') {
  const form = `an integer from ${min} to ${max}${unit === '' ? '' : ` ${unit}`}`;
  const error = `must be ${form}`;
  return z.int(error).min(min, error).max(max, error).meta({ form });
}

export function decimal(min: number, max: number, unit: string) {
  const form = `a number from ${min} to ${max} ${unit}`;
  const error = `must be ${form}`;
  return z.number(error).min(min, error).max(max, error).meta({ form });
}

export const flag = () => z.boolean('must be true or false').meta({ form: 'true or false' });

export function oneOf<const Values extends readonly [string, ...string[]]>(...values: Values) {
  const form = `one of ${values.join(', ')}`;
  return z.enum(values, `must be ${form}`).meta({ form });
}

/** A string that `parse` understands (undefined = it does not). */
export function parsed<T>(form: string, parse: (text: string) => T | undefined) {
  const error = `must be ${form}`;
  return z
    .string(error)
    .transform((text, context): T => {
      const value = parse(text);
      if (value !== undefined) return value;
      context.addIssue({ code: 'custom', message: error });
      return z.NEVER;
    })
    .meta({ form });
}

const within = (value: number | undefined, min: number, max: number) =>
  value !== undefined && value >= min && value <= max ? value : undefined;

/** Milliseconds. The bounds are given as an operator would write them. */
export function duration(min: string, max: string) {
  const form = `a duration from ${min} to ${max}, such as 5s, 300ms or 1h30m`;
  return parsed(form, (text) => within(parseDuration(text), parseDuration(min)!, parseDuration(max)!));
}

/** Octets: a plain number of them, or text with a unit. */
export function size(min: number, max: number) {
  const form = `a size from ${min} to ${max} octets, such as 1232 or 4KiB`;
  const error = `must be ${form}`;
  return z
    .union([z.int(error).min(min, error).max(max, error), parsed(form, (text) => within(parseSize(text), min, max))], error)
    .meta({ form });
}

/** Kilometres. */
export function distance(maxKm: number) {
  return parsed(`a distance from 0km to ${maxKm}km, such as 100km or 60mi`, (text) => within(parseDistance(text), 0, maxKm));
}

/** A file or directory; relative paths start at the directory of the YAML file. */
export const path = (form = 'a path') => parsed(form, (text) => (text !== '' && !text.includes('\0') ? text : undefined));

const NONE = 'none';
const PRINTABLE = /^[\x20-\x7e]+$/;

/** Text that goes into a reply as it is, or `none`, which is null. */
export const textOrNone = (maxSize: number) =>
  parsed(`none, or 1 to ${maxSize} printable ASCII characters`, (text): string | null | undefined =>
    text === NONE ? null : text.length <= maxSize && PRINTABLE.test(text) ? text : undefined,
  );

const ENDPOINT = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(0|[1-9]\d{0,4})$/;

export const endpoint = () =>
  parsed('an address and port such as 127.0.0.1:5053 or [::1]:5053', (text): Endpoint | undefined => {
    const match = ENDPOINT.exec(text);
    if (match === null) return undefined;
    const address = (match[1] ?? match[2])!;
    const family = match[1] === undefined ? 4 : 6;
    const port = Number(match[3]);
    const parsedAddress = parseAddress(address);
    if (parsedAddress?.family !== family || port > 0xffff) return undefined;
    // One spelling for each address: endpoints are compared as text.
    return { address: formatAddress(parsedAddress.octets, family), port };
  });

/** An address prefix; a bare address is one of full length. */
export const network = () => parsed('a network such as 192.0.2.0/24, no bits set behind the prefix', parseCidr);

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;
const NAME_FORM = 'a name of at most 63 letters, digits, "-" and "_"';

/** The name of something of the operator's: no dots or slashes, since paths and member ids are made of names. */
export const name = () => z.string(`must be ${NAME_FORM}`).regex(NAME, `must be ${NAME_FORM}`).meta({ form: NAME_FORM });

/** Wire form of a domain name; always absolute, with or without the final dot. */
function wireName(text: string): Uint8Array | undefined {
  const wire = text === '@' ? 'relative' : nameFromText(text, ROOT);
  return typeof wire === 'string' ? undefined : wire;
}

/** Wire form of a domain name other than the root, or `none`, which is null. */
export const domainOrNone = () =>
  parsed('none, or a domain name other than the root', (text): Uint8Array | null | undefined => {
    if (text === NONE) return null;
    const wire = wireName(text);
    return wire === undefined || wire.length === 1 ? undefined : wire;
  });

export const domainName = () => parsed('a domain name', wireName);

/** A domain name that stays text, for keys of maps. */
export const domainText = () => parsed('a domain name', (text) => (wireName(text) === undefined ? undefined : text));

/** The names that a section of the file defines, and those of them that something refers to. */
export class Names {
  readonly kind: string;
  readonly known: readonly string[];
  readonly used = new Set<string>();

  constructor(kind: string, known: readonly string[]) {
    this.kind = kind;
    this.known = known;
  }
}

/** A reference to something defined elsewhere in the file. Judged together with the shape, so that neither hides the other. */
export const reference = (names: Names) => referenceBy(names, (text) => names.used.add(text));

/** Likewise, by something that does not use it: a name that nothing else refers to stays unused. */
export const referenceOnly = (names: Names) => referenceBy(names, () => undefined);

function referenceBy(names: Names, use: (text: string) => void) {
  const known = new Set(names.known);
  return z
    .string(`must be the name of a ${names.kind}`)
    .superRefine((text, context) => {
      if (known.has(text)) use(text);
      else {
        const hint = didYouMean(text, names.known) || ';';
        const message = `names the ${names.kind} "${text}", which is not defined${hint} defined are: ${list(names.known)}`;
        context.addIssue(complaint('ERR_CONFIG_REFERENCE', message));
      }
    })
    .meta({ form: `the name of a ${names.kind}` });
}
