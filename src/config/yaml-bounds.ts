// What a YAML text may cost to read. The parser builds its whole tree before anything can look at it, and needs kilobytes of
// memory for some single characters; so the tokens are counted first, which costs next to nothing.

import { CST, Lexer } from 'yaml';

/** Levels of nesting; the deepest sensible configuration has about thirty. */
export const MAX_DEPTH = 64;
/** Tokens, marks and spaces counted: enough for some 25,000 members of pools. */
export const MAX_TOKENS = 1_000_000;

export interface Excess {
  /** Index into the text. */
  readonly offset: number;
  readonly message: string;
}

/** The first place where the text goes beyond its bounds, if there is one. Broken text is left to the parser. */
export function findExcess(text: string): Excess | undefined {
  let offset = 0;
  let tokens = 0;
  let flowDepth = 0;
  /** Indicators that open a level in mid-line: `- - - x`, `? ? x`. */
  let opened = 0;
  for (const token of new Lexer().lex(text)) {
    switch (CST.tokenType(token)) {
      case 'flow-map-start':
      case 'flow-seq-start':
        flowDepth++;
        break;
      case 'flow-map-end':
      case 'flow-seq-end':
        flowDepth--;
        break;
      case 'newline':
        opened = 0;
        break;
      case 'seq-item-ind':
      case 'explicit-key-ind':
        opened++;
        break;
      default:
    }
    if (flowDepth + opened > MAX_DEPTH) return { offset, message: `nested too deeply; at most ${MAX_DEPTH} levels are allowed` };
    if (++tokens > MAX_TOKENS) return { offset, message: `too long; at most ${MAX_TOKENS} tokens are allowed` };
    if (!isControl(token)) offset += token.length;
  }
  return undefined;
}

/** Tokens that the lexer makes up: begin of document, end of broken flow, scalar follows. */
const isControl = (token: string): boolean => token === CST.DOCUMENT || token === CST.FLOW_END || token === CST.SCALAR;
