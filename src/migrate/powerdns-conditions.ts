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
  if (condition.kind !== 'call') return undefined;
  const keys = condition.args.flatMap(scalars);
  switch (condition.name) {
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

/** Text and numbers of an expression, those of tables too. */
export const scalars = (expression: Expression): readonly string[] =>
  expression.kind === 'text' || expression.kind === 'number'
    ? [String(expression.value)]
    : expression.kind === 'table'
      ? expression.items.flatMap(scalars)
      : [];
