// Conditions of PowerDNS snippets on where a client is, to keys of a `map` rule: continent, country, region, networks and AS numbers.

import type { Expression } from './lua.ts';

export interface Place {
  readonly map: 'network' | 'asn' | 'subdivision' | 'country' | 'continent';
  readonly key: string;
}

/** The places for which the condition holds; undefined if it is not about places. */
export function placesOf(condition: Expression): readonly Place[] | undefined {
  if (condition.kind === 'or') {
    const parts = condition.parts.map(placesOf);
    return parts.includes(undefined) ? undefined : parts.flatMap((part) => part!);
  }
  if (condition.kind === 'and') return subdivisionsOf(condition.parts);
  const { name, keys } = questionOf(condition);
  switch (name) {
    case 'continent':
    case 'continentCode':
      return keys.map((key) => ({ map: 'continent', key: key.toUpperCase() }));
    case 'country':
    case 'countryCode':
      return keys.map((key) => ({ map: 'country', key: key.toUpperCase() }));
    case 'netmask':
      return keys.map((key) => ({ map: 'network', key }));
    case 'asnum':
      return keys.map((key) => ({ map: 'asn', key }));
    default:
      return undefined;
  }
}

/** `countryCode() == 'CN'` asks what `country('CN')` asks. */
function questionOf(condition: Expression): { readonly name: string; readonly keys: readonly string[] } {
  if (condition.kind === 'call') return { name: condition.name, keys: condition.args.flatMap(scalars) };
  if (condition.kind !== 'equal') return { name: '', keys: [] };
  const [call, value] = condition.left.kind === 'call' ? [condition.left, condition.right] : [condition.right, condition.left];
  return call.kind === 'call' && call.args.length === 0 && call.name.endsWith('Code')
    ? { name: call.name, keys: scalars(value) }
    : { name: '', keys: [] };
}

/** A country and regions of it: a region alone may be one of many countries. */
function subdivisionsOf(parts: readonly Expression[]): readonly Place[] | undefined {
  const questions = parts.map(questionOf);
  const asked = (...names: readonly string[]): readonly string[] =>
    questions.flatMap(({ name, keys }) => (names.includes(name) ? keys.map((key) => key.toUpperCase()) : []));
  const [countries, regions] = [asked('country', 'countryCode'), asked('region', 'regionCode')];
  if (parts.length !== 2 || countries.length !== 1 || regions.length === 0) return undefined;
  return regions.map((region) => ({ map: 'subdivision', key: `${countries[0]}-${region}` }));
}

/** Text and numbers of an expression, those of tables too. */
export const scalars = (expression: Expression): readonly string[] =>
  expression.kind === 'text' || expression.kind === 'number'
    ? [String(expression.value)]
    : expression.kind === 'table'
      ? expression.items.flatMap(scalars)
      : [];
