// What zod found wrong, as problems with a code and a place: unknown keys at the key, missing keys at their parent, all else
// at the value. Schemas supply the phrase of what is allowed; this file adds where, and what was found.

import type { z } from 'zod';
import type { ErrorCode, Problem } from '../base/errors.ts';
import { didYouMean, list } from './suggest.ts';
import { type Path, pathText, type YamlSource } from './yaml.ts';

type Issue = z.core.$ZodIssue;

/** Longest piece of the file that a message repeats. */
const SHOWN = 60;

export function problemsOf(source: YamlSource, issues: readonly Issue[]): Problem[] {
  return issues.flatMap((issue) => problemsOfIssue(source, issue, issue.path as Path));
}

function problemsOfIssue(source: YamlSource, issue: Issue, path: Path): Problem[] {
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = issue.message.split(', ');
      const where = path.length === 0 ? '' : ` in ${pathText(path)}`;
      return issue.keys.map((key) => {
        const hint = didYouMean(key, known) || ';';
        const message = `unknown key "${key.slice(0, SHOWN)}"${where}${hint} allowed are: ${list(known)}`;
        return source.problem([...path, key], 'key', 'ERR_CONFIG_UNKNOWN_KEY', message);
      });
    }
    case 'invalid_key': {
      const inner = issue.issues[0]!;
      return [
        source.problem(path, 'key', codeOf(inner), `key "${path.at(-1)}" in ${pathText(path.slice(0, -1))} ${inner.message}`),
      ];
    }
    case 'invalid_union': {
      const branch = likelyBranch(issue.errors);
      if (branch === undefined) break;
      return branch.flatMap((inner) => problemsOfIssue(source, inner, [...path, ...(inner.path as Path)]));
    }
    case 'custom':
      if (issue.params !== undefined) return [source.problem(path, 'value', codeOf(issue), `${pathText(path)} ${issue.message}`)];
      break;
    default:
      if (valueAt(source.value, path) === undefined) {
        const message = `${pathText(path.slice(0, -1))} lacks the key "${path.at(-1)}", which ${issue.message}`;
        return [source.problem(path.slice(0, -1), 'key', 'ERR_CONFIG_MISSING', message)];
      }
  }
  // Whatever stands in a key's entry may be its secret.
  const found = path[0] === 'keys' ? 'something else' : show(valueAt(source.value, path));
  return [source.problem(path, 'value', 'ERR_CONFIG_VALUE', `${pathText(path) || 'the file'} ${issue.message}, found ${found}`)];
}

const codeOf = (issue: Issue): ErrorCode =>
  (issue.code === 'custom' ? (issue.params?.['code'] as ErrorCode | undefined) : undefined) ?? 'ERR_CONFIG_VALUE';

/** Of the branches of a union the one that was meant: it accepts the value as a whole and complains about its inside. */
function likelyBranch(branches: readonly Issue[][]): Issue[] | undefined {
  const isInside = ({ code, path }: Issue): boolean => path.length > 0 || code === 'unrecognized_keys' || code === 'custom';
  return branches.find((issues) => issues.every(isInside));
}

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

/** A value as a message shows it. */
function show(value: unknown): string {
  if (value === null) return 'nothing (null)';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object') return 'a map';
  return typeof value === 'string' ? JSON.stringify(value.slice(0, SHOWN)) : String(value);
}
