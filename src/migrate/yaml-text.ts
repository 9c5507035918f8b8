// Plain values to the text of a YAML file (YAML 1.2 block style; strings that could be anything else are quoted as JSON, which YAML 1.2
// holds). One way only: reading is the business of config/.

const PLAIN = /^[A-Za-z][A-Za-z0-9_./-]*$/;
const RESERVED = /^(?:true|false|null|yes|no|on|off|y|n|inf|nan)$/i;
/** A collection that fits into so many characters is written on one line. */
const LINE_SIZE = 100;

export function yamlText(value: Readonly<Record<string, unknown>>): string {
  return `${block(value, 0).trimStart()}\n`;
}

function block(value: unknown, depth: number): string {
  const indent = '  '.repeat(depth);
  if (Array.isArray(value) && value.length > 0) return value.map((item) => `\n${indent}- ${nested(item, depth + 1)}`).join('');
  if (isMap(value) && Object.keys(value).length > 0)
    return Object.entries(value)
      .map(([key, item]) => `\n${indent}${scalar(key)}:${entry(item, depth)}`)
      .join('');
  return ` ${flow(value)}`;
}

function entry(value: unknown, depth: number): string {
  // Names of things stand at the two outer levels; what they are may share a line.
  const line = flow(value);
  return !isCollection(value) || (depth > 0 && line.length <= LINE_SIZE) ? ` ${line}` : block(value, depth + 1);
}

function nested(value: unknown, depth: number): string {
  const line = flow(value);
  return line.length <= LINE_SIZE ? line : block(value, depth).trimStart();
}

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (isMap(value)) {
    const items = Object.entries(value).map(([key, item]) => `${scalar(key)}: ${flow(item)}`);
    return items.length === 0 ? '{}' : `{ ${items.join(', ')} }`;
  }
  return scalar(value);
}

const scalar = (value: unknown): string =>
  typeof value === 'string' && PLAIN.test(value) && !RESERVED.test(value) ? value : JSON.stringify(value);

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isCollection = (value: unknown): boolean => typeof value === 'object' && value !== null;
