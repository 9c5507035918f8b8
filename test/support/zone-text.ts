// Zones written as text in tests: parsed, checked and printed the way the server does it.

import type { Problem } from '../../src/base/errors.ts';
import { err, ok } from '../../src/base/result.ts';
import { nameFromText } from '../../src/wire/name.ts';
import type { ZoneLimits } from '../../src/zone/limits.ts';
import { type ParsedZone, parseZone } from '../../src/zone/parser.ts';

/** Wire octets of a name that is known to be well-formed. */
export function wireName(text: string): Uint8Array {
  const name = nameFromText(text);
  if (typeof name === 'string') throw new Error(name);
  return name;
}

export const ORIGIN: Uint8Array = wireName('example.test.');

/** What a zone needs to pass the check, in four lines. */
export const HEAD = `$TTL 300
@ SOA ns hostmaster 1 3600 600 86400 300
@ NS ns
ns A 192.0.2.1
`;

export const octetsOf = (text: string | Uint8Array): Uint8Array =>
  typeof text === 'string' ? new TextEncoder().encode(text) : text;

/** Parses `text` as zone example.test.; $INCLUDE finds `files` by their names. */
export function parseText(
  text: string | Uint8Array,
  files: Readonly<Record<string, string>> = {},
  limits: Partial<ZoneLimits> = {},
): ParsedZone {
  return parseZone({
    origin: ORIGIN,
    file: 'main.zone',
    text: octetsOf(text),
    limits,
    readInclude: (path) => {
      const found = files[path];
      return found === undefined ? err(`no file "${path}"`) : ok({ file: path, text: octetsOf(found) });
    },
  });
}

/** `line:column CODE`, with `warning` before the code of a warning and the file before all if it is not the zone's own. */
export function placeOf(problem: Problem, mainFile = 'main.zone'): string {
  const file = problem.file === mainFile ? '' : `${problem.file}:`;
  return `${file}${problem.line}:${problem.column} ${problem.severity === 'warning' ? 'warning ' : ''}${problem.code}`;
}

export const places = (problems: readonly Problem[]): string[] => problems.map((problem) => placeOf(problem));
