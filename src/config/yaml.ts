// YAML text to plain values that remember where they were written. Refuses what would surprise: duplicate keys, keys that
// are not strings, unknown tags, several documents, and aliases that expand without bound ("YAML bombs").
// Values are shared, not copied, where an alias stands, so that memory stays linear in the text.

import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLError,
} from 'yaml';
import type { ErrorCode, Problem } from '../base/errors.ts';
import { findExcess, MAX_DEPTH } from './yaml-bounds.ts';

export type Path = readonly (string | number)[];

/** Values a file may hold once all aliases are counted as often as they are used. */
export const MAX_VALUES = 500_000;
/** YAML errors reported for one file: after the first few the parser is mostly complaining about itself. */
const MAX_SYNTAX_ERRORS = 10;

interface Converted {
  readonly value: unknown;
  /** Values inside, aliases expanded. */
  readonly size: number;
}

/** Thrown inside this file only: the document cannot be turned into a value. */
class Unusable extends Error {
  readonly node: Node;
  constructor(node: Node, message: string) {
    super(message);
    this.node = node;
  }
}

export class YamlSource {
  readonly file: string;
  /** The file as maps (without prototype), arrays, strings, numbers, booleans and nulls; `{}` if the file is empty. */
  readonly value: unknown;
  /** Syntax errors and duplicate keys. */
  readonly problems: readonly Problem[];
  /** Whether the text is not YAML at all, so that judging `value` would only add noise. */
  readonly isBroken: boolean;
  readonly #lines = new LineCounter();
  readonly #document: Document;
  readonly #anchors = new Map<string, Node>();
  readonly #aliasTargets = new Map<Node, Node>();
  readonly #converted = new Map<Node, Converted>();

  constructor(file: string, text: string) {
    this.file = file;
    const excess = findExcess(text);
    this.#document = parseDocument(excess === undefined ? text : '', {
      lineCounter: this.#lines,
      prettyErrors: false, // positions are added here
      uniqueKeys: false, // checked here, with the path in the message
      stringKeys: true,
      resolveKnownTags: false, // dates, sets and the like have no place here
    });
    const problems = [...this.#document.errors, ...this.#document.warnings]
      .slice(0, MAX_SYNTAX_ERRORS)
      .map((e) => this.#problemAt(e.pos[0], 'ERR_CONFIG_YAML', inHouseStyle(e)));
    if (excess !== undefined) {
      for (const newline of text.matchAll(/\n/g)) this.#lines.addNewLine(newline.index + 1);
      problems.push(this.#problemAt(excess.offset, 'ERR_CONFIG_YAML', excess.message));
    }
    this.isBroken = problems.length > 0;
    this.value = {};
    this.problems = problems;
    if (this.isBroken || isEmpty(this.#document.contents)) return;
    try {
      this.value = this.#convert(this.#document.contents!, [], problems).value;
    } catch (unusable) {
      if (!(unusable instanceof Unusable)) throw unusable;
      problems.push(this.#problemAt(unusable.node.range![0], 'ERR_CONFIG_YAML', unusable.message));
      this.isBroken = true;
    }
  }

  /**
   * A problem at the key or the value that `path` leads to. A value that is not written (`pools:` and nothing) is placed at
   * its key, and a path that leads nowhere at the nearest thing around it.
   */
  problem(path: Path, at: 'key' | 'value', code: ErrorCode, message: string, severity: Problem['severity'] = 'error'): Problem {
    return this.#problemAt(this.#offsetOf(path, at), code, message, severity);
  }

  #problemAt(offset: number, code: ErrorCode, message: string, severity: Problem['severity'] = 'error'): Problem {
    const { line, col } = this.#lines.linePos(offset);
    return { severity, code, message, file: this.file, line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  #offsetOf(path: Path, at: 'key' | 'value'): number {
    let node = this.#document.contents as Node | null;
    let key: Node | null = null;
    for (const step of path) {
      const parent: Node | null = isAlias(node) ? this.#aliasTargets.get(node)! : node;
      if (isMap(parent)) {
        const pair = parent.items.find((item) => keyText(item.key) === String(step));
        if (pair === undefined) break;
        key = pair.key as Node;
        node = pair.value as Node | null;
      } else if (isSeq(parent) && typeof step === 'number' && parent.items[step] !== undefined) {
        key = null;
        node = parent.items[step] as Node;
      } else break;
    }
    const place = key !== null && (at === 'key' || isEmpty(node)) ? key : node;
    return place?.range?.[0] ?? 0;
  }

  #convert(node: Node, path: Path, problems: Problem[]): Converted {
    if (path.length > MAX_DEPTH) throw new Unusable(node, `nested too deeply; at most ${MAX_DEPTH} levels are allowed`);
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      const converted = target && this.#converted.get(target);
      if (converted === undefined) throw new Unusable(node, `alias *${node.source} stands for nothing that ends before it`);
      this.#aliasTargets.set(node, target!);
      return converted;
    }
    if ('anchor' in node && node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    let converted: Converted;
    if (isMap(node)) converted = this.#convertMap(node.items, path, problems);
    else if (isSeq(node)) {
      const items = node.items.map((item, i) => this.#convert(item as Node, [...path, i], problems));
      converted = { value: items.map((item) => item.value), size: totalSize(items) };
    } else converted = { value: (node as Scalar).value, size: 1 };
    if (converted.size > MAX_VALUES) {
      throw new Unusable(node, `too many values; at most ${MAX_VALUES} are allowed, each alias counted as what it stands for`);
    }
    this.#converted.set(node, converted);
    return converted;
  }

  #convertMap(pairs: readonly Pair[], path: Path, problems: Problem[]): Converted {
    const map: Record<string, unknown> = Object.create(null); // so that no key is special
    const values: Converted[] = [];
    for (const pair of pairs) {
      const key = keyText(pair.key);
      const offset = (pair.key as Node).range![0];
      if (Object.hasOwn(map, key)) {
        const place = path.length === 0 ? 'the file' : pathText(path);
        problems.push(this.#problemAt(offset, 'ERR_CONFIG_DUPLICATE', `key "${key}" is given twice in ${place}; remove one`));
        continue;
      }
      if (key === '__proto__') {
        problems.push(this.#problemAt(offset, 'ERR_CONFIG_UNKNOWN_KEY', `unknown key "${key}"`));
        continue;
      }
      const value = pair.value === null ? { value: null, size: 1 } : this.#convert(pair.value as Node, [...path, key], problems);
      map[key] = value.value;
      values.push(value);
    }
    return { value: map, size: totalSize(values) };
  }
}

/** Where the parser's sentence speaks of its own interface. */
const OWN_WORDS: Readonly<Record<string, string>> = {
  NON_STRING_KEY: 'a key must be text',
  MULTIPLE_DOCS: 'a second document begins; one file holds one configuration',
};

const inHouseStyle = ({ code, message }: YAMLError): string =>
  OWN_WORDS[code] ?? `${message.slice(0, 1).toLowerCase()}${message.slice(1)}`;

const totalSize = (parts: readonly Converted[]): number => parts.reduce((sum, part) => sum + part.size, 1);

/** Every key is a scalar: option stringKeys refuses others. */
const keyText = (key: unknown): string => String((key as Scalar).value);

/** Whether nothing was written: an empty document, or a key without a value. */
const isEmpty = (node: Node | null): boolean => node === null || (isScalar(node) && node.value === null && node.source === '');

/** `pools.web.members[1].weight`: how messages name a place. */
export function pathText(path: Path): string {
  let text = '';
  for (const step of path) text += typeof step === 'number' ? `[${step}]` : `${text === '' ? '' : '.'}${step}`;
  return text;
}
