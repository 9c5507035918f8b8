// The Lua that records of PowerDNS hold, as far as it only says what to answer: calls, tables, text and numbers; assignments and include;
// return; if with elseif and else, conditions joined by and, or, not, == (Lua 5.1 reference manual, section 2). Nothing is run. What goes beyond is an error that says where.

import { err, ok, type Result } from '../base/result.ts';

export type Expression =
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'table'; readonly items: readonly Expression[]; readonly fields: ReadonlyMap<string, Expression> }
  | { readonly kind: 'or' | 'and'; readonly parts: readonly Expression[] }
  | { readonly kind: 'not'; readonly of: Expression }
  | { readonly kind: 'equal'; readonly left: Expression; readonly right: Expression };

export type Statement =
  | { readonly kind: 'assign'; readonly name: string; readonly value: Expression }
  | { readonly kind: 'include'; readonly name: string }
  | { readonly kind: 'return'; readonly value: Expression }
  | {
      readonly kind: 'if';
      readonly branches: readonly { readonly condition: Expression | undefined; readonly body: readonly Statement[] }[];
    };

const TOKEN =
  /\s+|--[^\n]*|(?<name>[A-Za-z_]\w*)|(?<number>\d+(?:\.\d+)?)|(?<text>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")|(?<mark>\.\.|==|[{}()[\],;=])/sy;
const RESERVED = ['and', 'break', 'do', 'for', 'function', 'goto', 'not', 'repeat', 'until', 'while'];
/** Deeper nesting than anybody writes, and far from the end of the stack. */
const MAX_DEPTH = 50;

interface Token {
  readonly kind: 'name' | 'number' | 'text' | 'mark' | 'end';
  readonly text: string;
  readonly at: number;
}

/** The statements of a snippet; without a semicolon at its start it is one expression to return. The error is a sentence. */
export function parseLua(snippet: string): Result<readonly Statement[], string> {
  const trimmed = snippet.trim();
  try {
    const parser = new Parser(trimmed);
    return ok(trimmed.startsWith(';') ? parser.block([], true) : parser.single());
  } catch (error) {
    if (error instanceof LuaError) return err(error.message);
    throw error;
  }
}

/** Statements of a configuration record, which only assigns. */
export const parseLuaConfig = (snippet: string): Result<readonly Statement[], string> =>
  parseLua(`;${snippet.trim().replace(/^;/, '')}`);

class LuaError extends Error {}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#tokens = tokensOf(source);
  }

  single(): readonly Statement[] {
    this.#skip('return');
    const value = this.#expression();
    this.#skip(';');
    this.#end();
    return [{ kind: 'return', value }];
  }

  /** Statements up to one of the words, which stays, or to the end. */
  block(until: readonly string[], isWhole = false): readonly Statement[] {
    const statements: Statement[] = [];
    this.#nest(() => {
      for (;;) {
        if (this.#skip(';')) continue;
        const { kind, text } = this.#token;
        if (kind === 'end' || until.includes(text)) break;
        statements.push(this.#statement());
      }
    });
    if (isWhole) this.#end();
    return statements;
  }

  #statement(): Statement {
    if (this.#skip('return')) return { kind: 'return', value: this.#expression() };
    if (this.#skip('if')) return this.#if();
    this.#skip('local');
    const name = this.#name();
    if (this.#skip('=')) return { kind: 'assign', name, value: this.#expression() };
    if (name !== 'include') throw this.#error('an assignment, include, if or return is expected');
    const [file] = this.#args();
    if (file?.kind !== 'text') throw this.#error('include takes the name of a record');
    return { kind: 'include', name: file.value };
  }

  #if(): Statement {
    const branches: { condition: Expression | undefined; body: readonly Statement[] }[] = [];
    do {
      const condition = this.#expression();
      this.#expect('then');
      branches.push({ condition, body: this.block(['elseif', 'else', 'end']) });
    } while (this.#skip('elseif'));
    if (this.#skip('else')) branches.push({ condition: undefined, body: this.block(['end']) });
    this.#expect('end');
    return { kind: 'if', branches };
  }

  #expression(): Expression {
    return this.#nest(() => {
      const parts = [this.#conjunction()];
      while (this.#skip('or')) parts.push(this.#conjunction());
      return parts.length === 1 ? parts[0]! : { kind: 'or', parts };
    });
  }

  #conjunction(): Expression {
    const parts = [this.#comparison()];
    while (this.#skip('and')) parts.push(this.#comparison());
    return parts.length === 1 ? parts[0]! : { kind: 'and', parts };
  }

  /** `not` binds more tightly than `==`, as in Lua. */
  #comparison(): Expression {
    const left = this.#negation();
    return this.#skip('==') ? { kind: 'equal', left, right: this.#negation() } : left;
  }

  #negation(): Expression {
    return this.#nest(() => (this.#skip('not') ? { kind: 'not', of: this.#negation() } : this.#operand()));
  }

  #operand(): Expression {
    const { kind, text } = this.#token;
    if (kind === 'text') return { kind: 'text', value: this.#string() };
    if (kind === 'number') return { kind: 'number', value: Number(this.#next().text) };
    if (this.#skip('(')) {
      const inner = this.#expression();
      this.#expect(')');
      return inner;
    }
    if (text === '{') return this.#table();
    const name = this.#name();
    const after = this.#token;
    return after.text === '(' || after.text === '{' || after.kind === 'text'
      ? { kind: 'call', name, args: this.#args() }
      : { kind: 'name', name };
  }

  /** Text that is joined with `..` is one text. */
  #string(): string {
    let value = unquote(this.#next().text);
    while (this.#skip('..')) {
      if (this.#token.kind !== 'text') throw this.#error('only text can be joined');
      value += unquote(this.#next().text);
    }
    return value;
  }

  #args(): readonly Expression[] {
    if (this.#token.text === '{' || this.#token.kind === 'text') return [this.#operand()];
    this.#expect('(');
    const args: Expression[] = [];
    while (!this.#skip(')')) {
      args.push(this.#expression());
      if (!this.#skip(',') && this.#token.text !== ')') throw this.#error('a comma or ")" is expected');
    }
    return args;
  }

  #table(): Expression {
    this.#expect('{');
    const items: Expression[] = [];
    const fields = new Map<string, Expression>();
    while (!this.#skip('}')) {
      const key = this.#key();
      if (key === undefined) items.push(this.#expression());
      else fields.set(key, this.#expression());
      if (!this.#skip(',') && !this.#skip(';') && this.#token.text !== '}') throw this.#error('a comma or "}" is expected');
    }
    return { kind: 'table', items, fields };
  }

  /** `name =` or `['text'] =` in a table. */
  #key(): string | undefined {
    if (this.#skip('[')) {
      const key = this.#operand();
      this.#expect(']');
      this.#expect('=');
      if (key.kind !== 'text' && key.kind !== 'number') throw this.#error('a key is text or a number');
      return String(key.value);
    }
    if (this.#token.kind !== 'name' || this.#tokens[this.#at + 1]?.text !== '=') return undefined;
    const name = this.#name();
    this.#expect('=');
    return name;
  }

  get #token(): Token {
    return this.#tokens[this.#at]!;
  }

  #next(): Token {
    return this.#tokens[this.#at++]!;
  }

  #name(): string {
    if (this.#token.kind !== 'name') throw this.#error('a name is expected');
    if (RESERVED.includes(this.#token.text)) throw this.#error('more than answers, tables and if cannot be carried over');
    return this.#next().text;
  }

  #skip(text: string): boolean {
    if (this.#token.kind === 'text' || this.#token.text !== text) return false;
    this.#at++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#skip(text)) throw this.#error(`"${text}" is expected`);
  }

  #end(): void {
    if (this.#token.kind !== 'end') throw this.#error('the end is expected');
  }

  #nest<T>(work: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw this.#error('nested too deeply');
    const result = work();
    this.#depth--;
    return result;
  }

  #error(what: string): LuaError {
    const { kind, text, at } = this.#token;
    return new LuaError(`${what} at character ${at + 1}, found ${kind === 'end' ? 'the end' : text}`);
  }
}

function tokensOf(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(source);
    if (found === null) throw new LuaError(`"${source[at]}" at character ${at + 1} cannot be carried over`);
    const groups = found.groups as Readonly<Record<'name' | 'number' | 'text' | 'mark', string | undefined>>;
    for (const kind of ['name', 'number', 'text', 'mark'] as const) {
      const text = groups[kind];
      if (text !== undefined) tokens.push({ kind, text, at });
    }
    at = TOKEN.lastIndex;
  }
  tokens.push({ kind: 'end', text: '', at });
  return tokens;
}

const unquote = (text: string): string => text.slice(1, -1).replaceAll(/\\(.)/gs, '$1');
