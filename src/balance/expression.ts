// Expressions over reported metrics, such as `max(cpu, 0.5 * memory) + queue / 100`, for the custom load. A small language of its own:
// numbers, names of metrics, + - * /, parentheses, min() and max(). Nothing else can be said, so nothing can be done with it but
// arithmetic. Parsed by recursive descent into postfix code, which runs without allocating.
//
//   sum     = product { ("+" | "-") product }
//   product = factor { ("*" | "/") factor }
//   factor  = number | name | ("min" | "max") "(" sum { "," sum } ")" | "(" sum ")" | "-" factor

import { err, ok, type Result } from '../base/result.ts';

export interface ExpressionError {
  /** Counts from 1. */
  readonly column: number;
  /** What is allowed there, and what was found. */
  readonly message: string;
}

export interface Expression {
  /** Names in order of their first use. */
  readonly metrics: readonly string[];
  /** The value, from those of the metrics in the same order. NaN if it is not a finite number: a metric is missing, or x / 0. */
  evaluate(values: ArrayLike<number>): number;
}

const MOST_CHARACTERS = 500;
const MOST_DEPTH = 32;

type Step =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'metric'; readonly index: number }
  | { readonly kind: '+' | '-' | '*' | '/' | 'min' | 'max' | 'negate' };

export function parseExpression(text: string): Result<Expression, ExpressionError> {
  if (text.length > MOST_CHARACTERS) {
    return err({ column: MOST_CHARACTERS + 1, message: `must have at most ${MOST_CHARACTERS} characters, found ${text.length}` });
  }
  const parser = new Parser(text);
  const isWhole = parser.sum(0) && parser.end();
  if (!isWhole) return err(parser.error!);
  const { steps, metrics } = parser;
  const stack = new Float64Array(steps.length);
  return ok({ metrics, evaluate: (values) => run(steps, values, stack) });
}

function run(steps: readonly Step[], values: ArrayLike<number>, stack: Float64Array): number {
  let top = -1;
  for (const step of steps) {
    if (step.kind === 'number') stack[++top] = step.value;
    else if (step.kind === 'metric') stack[++top] = values[step.index] ?? Number.NaN;
    else if (step.kind === 'negate') stack[top] = -stack[top]!;
    else {
      const right = stack[top--]!;
      stack[top] = combine(step.kind, stack[top]!, right);
    }
  }
  return Number.isFinite(stack[0]) ? stack[0]! : Number.NaN;
}

function combine(kind: '+' | '-' | '*' | '/' | 'min' | 'max', left: number, right: number): number {
  if (kind === '+') return left + right;
  if (kind === '-') return left - right;
  if (kind === '*') return left * right;
  if (kind === '/') return left / right;
  return kind === 'min' ? Math.min(left, right) : Math.max(left, right);
}

/** Methods return false once there is an error. */
class Parser {
  readonly steps: Step[] = [];
  readonly metrics: string[] = [];
  error: ExpressionError | null = null;
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  sum(depth: number): boolean {
    if (depth > MOST_DEPTH) return this.#fail(`must not be nested deeper than ${MOST_DEPTH} levels`);
    if (!this.#product(depth)) return false;
    for (;;) {
      const sign = this.#take('+') ? '+' : this.#take('-') ? '-' : null;
      if (sign === null) return true;
      if (!this.#product(depth)) return false;
      this.steps.push({ kind: sign });
    }
  }

  end(): boolean {
    this.#skipSpace();
    return this.#at === this.#text.length || this.#fail('must end, or go on with one of + - * /');
  }

  #product(depth: number): boolean {
    if (!this.#factor(depth)) return false;
    for (;;) {
      const sign = this.#take('*') ? '*' : this.#take('/') ? '/' : null;
      if (sign === null) return true;
      if (!this.#factor(depth)) return false;
      this.steps.push({ kind: sign });
    }
  }

  #factor(depth: number): boolean {
    if (depth > MOST_DEPTH) return this.#fail(`must not be nested deeper than ${MOST_DEPTH} levels`);
    if (this.#take('-')) {
      if (!this.#factor(depth + 1)) return false;
      this.steps.push({ kind: 'negate' });
      return true;
    }
    if (this.#take('(')) return this.sum(depth + 1) && this.#expect(')');
    const digits = this.#match(/(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?/iy);
    if (digits !== null) {
      this.steps.push({ kind: 'number', value: Number(digits) });
      return true;
    }
    const name = this.#match(/[a-z_][\w.]*/iy);
    if (name === null) return this.#fail('must be a number, the name of a metric, min(), max() or a parenthesis');
    if (name === 'min' || name === 'max') return this.#arguments(name, depth);
    if (!this.metrics.includes(name)) this.metrics.push(name);
    this.steps.push({ kind: 'metric', index: this.metrics.indexOf(name) });
    return true;
  }

  #arguments(name: 'min' | 'max', depth: number): boolean {
    if (!this.#expect('(') || !this.sum(depth + 1)) return false;
    while (this.#take(',')) {
      if (!this.sum(depth + 1)) return false;
      this.steps.push({ kind: name });
    }
    return this.#expect(')');
  }

  #skipSpace(): void {
    while (this.#text[this.#at] === ' ') this.#at++;
  }

  #take(character: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #expect(character: string): boolean {
    return this.#take(character) || this.#fail(`must be "${character}"`);
  }

  #match(pattern: RegExp): string | null {
    this.#skipSpace();
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? null;
    this.#at += found?.length ?? 0;
    return found;
  }

  #fail(allowed: string): false {
    const found = this.#at < this.#text.length ? `"${this.#text.slice(this.#at, this.#at + 10)}"` : 'the end';
    this.error = { column: this.#at + 1, message: `${allowed}, found ${found}` };
    return false;
  }
}
