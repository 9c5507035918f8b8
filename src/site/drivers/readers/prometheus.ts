// Samples of one metric out of Prometheus' text format (version 0.0.4; OpenMetrics looks the same where we look), chosen by a selector as in
// PromQL: `name` or `name{label="value",other!="value"}`. Samples that match are added up.

import type { Problem } from '../../../base/errors.ts';
import { ok, type Result } from '../../../base/result.ts';
import { failure, quote } from '../problem.ts';

interface Matcher {
  readonly label: string;
  readonly value: string;
  readonly isEqual: boolean;
}

export interface Selector {
  readonly text: string;
  readonly name: string;
  readonly matchers: readonly Matcher[];
}

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=|!=)\s*"((?:[^"\\\n]|\\[\\"n])*)"\s*/y;
const VALUE = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const REST = /^\s+(\S+)(?:\s+-?\d+(?:\.\d+)?)?(?:\s+#.*)?\s*$/;
const SHORT: Readonly<Record<string, string>> = { '\\\\': '\\', '\\"': '"', '\\n': '\n' };
export const SELECTOR_MAX_SIZE = 500;

/** Undefined if it is not one. */
export function parseSelector(text: string): Selector | undefined {
  if (text.length > SELECTOR_MAX_SIZE) return undefined;
  const head = headOf(text);
  return head === undefined || head.end !== text.length ? undefined : { text, name: head.name, matchers: head.matchers };
}

/** The sum of the samples that match, of which there must be one; each must be a finite number. */
export function sumOf(page: string, selector: Selector, where: string): Result<number, Problem> {
  let sum = 0;
  let count = 0;
  for (const [i, line] of page.split('\n').entries()) {
    if (!line.startsWith(selector.name)) continue;
    const sample = headOf(line);
    if (sample?.name !== selector.name) continue;
    const labels = new Map(sample.matchers.map(({ label, value }) => [label, value]));
    if (!selector.matchers.every(({ label, value, isEqual }) => ((labels.get(label) ?? '') === value) === isEqual)) continue;
    const text = REST.exec(line.slice(sample.end))?.[1] ?? '';
    const value = VALUE.test(text) ? Number(text) : Number.NaN;
    if (!Number.isFinite(value)) {
      return failure('ERR_LOAD_FORM', `${where}:${i + 1}: a finite number was expected in "${quote(line)}"`);
    }
    sum += value;
    count++;
  }
  if (count === 0) return failure('ERR_LOAD_FORM', `${where}: there is no sample of ${selector.text}`);
  if (!Number.isFinite(sum) || sum < 0)
    return failure('ERR_LOAD_FORM', `${where}: ${selector.text} is ${sum}, a load is 0 or more`);
  return ok(sum);
}

/** Name and labels at the beginning of a line. */
function headOf(line: string): { name: string; matchers: readonly Matcher[]; end: number } | undefined {
  NAME.lastIndex = 0;
  const name = NAME.exec(line)?.[0];
  if (name === undefined) return undefined;
  let end = name.length;
  const matchers: Matcher[] = [];
  if (line[end] !== '{') return { name, matchers, end };
  for (end++; line[end] !== '}'; ) {
    LABEL.lastIndex = end;
    const found = LABEL.exec(line);
    if (found === null) return undefined;
    const value = found[3]!.replace(/\\[\\"n]/g, (short) => SHORT[short]!);
    matchers.push({ label: found[1]!, value, isEqual: found[2] === '=' });
    end = LABEL.lastIndex;
    if (line[end] === ',') end++;
    else if (line[end] !== '}') return undefined;
  }
  return { name, matchers, end: end + 1 };
}
