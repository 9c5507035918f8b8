// The templates of $GENERATE: `$` stands for the value, `$$` for a dollar sign, and `${offset,width,base}` for the value
// plus offset, padded with zeros to width characters, in base d (decimal), o, x, X, n or N (hexadecimal nibbles, lowest
// first, between dots, as reverse zones want). Syntax and meaning as BIND defines them.

const MAX_WIDTH = 255;

interface Placeholder {
  readonly offset: number;
  readonly width: number;
  readonly base: string;
}

/** Text and placeholders in turn. */
export type Template = readonly (string | Placeholder)[];

const PLAIN_VALUE: Placeholder = { offset: 0, width: 0, base: 'd' };
const MODIFIER = /^\{(-?\d{1,10})(?:,(\d{1,3})(?:,([doxXnN]))?)?\}/;

// biome-ignore lint/suspicious/noTemplateCurlyInString: the braces are what an operator writes
const MODIFIER_FORM = 'a modifier is ${offset,width,base}: width up to 255, base d, o, x, X, n or N';

/** Parses a template; a sentence on what is wrong if it is malformed. */
export function parseTemplate(text: string): Template | string {
  const parts: (string | Placeholder)[] = [];
  let literal = '';
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') literal += text[i]! + (text[++i] ?? '');
    else if (text[i] !== '$') literal += text[i];
    else if (text[i + 1] === '$') literal += text[i++];
    else {
      parts.push(literal);
      literal = '';
      if (text[i + 1] !== '{') parts.push(PLAIN_VALUE);
      else {
        const found = MODIFIER.exec(text.slice(i + 1));
        const width = Number(found?.[2] ?? 0);
        if (found === null || width > MAX_WIDTH) return MODIFIER_FORM;
        parts.push({ offset: Number(found[1]), width, base: found[3] ?? 'd' });
        i += found[0].length;
      }
    }
  }
  parts.push(literal);
  return parts;
}

/** The template for one value; undefined if a placeholder would be negative. */
export function expandTemplate(template: Template, value: number): string | undefined {
  let text = '';
  for (const part of template) {
    if (typeof part === 'string') text += part;
    else if (value + part.offset < 0) return undefined;
    else text += format(value + part.offset, part);
  }
  return text;
}

function format(value: number, { width, base }: Placeholder): string {
  if (base === 'd') return String(value).padStart(width, '0');
  if (base === 'o') return value.toString(8).padStart(width, '0');
  const hex = base === 'x' || base === 'n' ? value.toString(16) : value.toString(16).toUpperCase();
  if (base === 'x' || base === 'X') return hex.padStart(width, '0');
  // The width of nibbles counts the dots too; an even one ends in a dot.
  let nibbles = [...hex].reverse().join('.');
  while (nibbles.length < width) nibbles += nibbles.endsWith('.') ? '0' : '.';
  return nibbles;
}
