// Looking into gdnsd's configuration: keys with a default, settings that are inherited from the hashes around, places for the report.

import type { Vscf, VscfHash } from './vscf.ts';

/** The value under a key of a hash; undefined for anything that is not a hash or has no such key. */
export const at = (node: Vscf | undefined, ...path: readonly string[]): Vscf | undefined =>
  path.reduce<Vscf | undefined>((found, key) => (found?.kind === 'hash' ? found.entries.get(key) : undefined), node);

export const textAt = (node: Vscf | undefined, key: string): string | undefined => {
  const found = at(node, key);
  return found?.kind === 'string' ? found.value : undefined;
};

/** A single value stands for an array of one, everywhere in gdnsd's configuration. */
export const listOf = (node: Vscf | undefined): readonly string[] =>
  node === undefined
    ? []
    : node.kind === 'array'
      ? node.items.flatMap((item) => (item.kind === 'string' ? [item.value] : []))
      : node.kind === 'string'
        ? [node.value]
        : [];

export const isTrue = (text: string | undefined): boolean => text?.toLowerCase() === 'true';

/** Hashes from the innermost to the outermost: a setting is that of the first which has it. */
export type Scope = readonly (Vscf | undefined)[];

export const inherited = (scope: Scope, key: string): Vscf | undefined => {
  for (const hash of scope) {
    const found = at(hash, key);
    if (found !== undefined) return found;
  }
  return undefined;
};

export const inheritedText = (scope: Scope, key: string): string | undefined => {
  const found = inherited(scope, key);
  return found?.kind === 'string' ? found.value : undefined;
};

/** The entries of a hash but for its settings. */
export const entriesBut = (hash: VscfHash, settings: readonly string[]): readonly (readonly [string, Vscf])[] =>
  [...hash.entries].filter(([key]) => !settings.includes(key));

export const placeOf = (file: string, node: Vscf | undefined, what: string): string =>
  node === undefined ? `${file}: ${what}` : `${file}:${node.line}: ${what}`;
