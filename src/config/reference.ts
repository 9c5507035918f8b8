// docs/reference/config.md from the schemas: every key with what is allowed, its default and its reason. What the schemas do
// not say, this file does not invent, so the page cannot differ from what the server accepts.

import type { z } from 'zod';
import { Names } from './fields.ts';
import { configSchema } from './schema.ts';

const HEAD = `<!-- Generated from src/config/ by \`npm run docs:gen\`. Do not edit. -->

# Configuration

One YAML file, \`zones/meridian.yaml\` unless \`--config\` names another. \`meridian check\` reports everything that is wrong with
it, and with the zones it names, without touching a running server; \`meridian reload\` applies it as a whole or not at all.

- Every section and every key with a default may be left out. A key that is not listed here is an error.
- Durations are whole numbers with units, \`300ms\`, \`5s\`, \`1h30m\`; sizes \`4KiB\` (1024 octets each); distances \`100km\` or \`60mi\`.
- Relative paths start at the directory of the file.
- A value may be anchored (\`&name\`) and repeated (\`*name\`).
- Complaints read \`file:line:column: error CODE: what is wrong, what is allowed, what was found\`; the codes are explained in
  [errors.md](errors.md).
`;

/** What a schema says for people, seen through wrappers such as "has a default". */
interface Described {
  readonly core: z.ZodType;
  readonly meta: z.core.GlobalMeta;
  /** As the table shows it. */
  readonly fallback: string;
}

/** The parts of zod's definitions that are read here. */
interface Definition {
  readonly type: string;
  readonly innerType: z.ZodType;
  /** Of what is transformed: what stands in the file. */
  readonly in: z.ZodType;
  readonly defaultValue: unknown;
  readonly element: z.ZodType;
  readonly options: readonly z.ZodType[];
  readonly keyType: z.ZodType;
  readonly valueType: z.ZodType;
  readonly shape: Readonly<Record<string, z.ZodType>>;
  readonly getter: () => z.ZodType;
}

const definitionOf = (schema: z.ZodType): Definition => schema.def as unknown as Definition;

function describe(schema: z.ZodType): Described {
  let core = schema;
  let meta: z.core.GlobalMeta = core.meta() ?? {};
  let fallback: string | undefined;
  for (let def = definitionOf(core); (def.innerType ?? def.in) !== undefined; def = definitionOf(core)) {
    if (def.type === 'optional') fallback ??= 'absent';
    if (def.type === 'default' || def.type === 'prefault') fallback ??= showDefault(def.defaultValue);
    core = def.innerType ?? def.in;
    meta = { ...core.meta(), ...meta };
  }
  return { core, meta, fallback: fallback ?? 'required' };
}

/** A default as it would be written; an empty map stands for the defaults of its keys. */
function showDefault(value: unknown): string {
  if (typeof value === 'string') return `\`${value}\``;
  const isEmptyMap = typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
  return isEmptyMap ? '' : `\`${JSON.stringify(value)}\``;
}

/** The whole page. */
export function configReference(): string {
  const none = (kind: string): Names => new Names(kind, []);
  const root = describe(
    configSchema({
      sites: none('site'),
      pools: none('pool'),
      policies: none('policy'),
      probes: none('probe'),
      keys: none('key'),
    }),
  );
  const pending = Object.values(definitionOf(root.core).shape).map(describe);
  const written = new Set<string>();
  let page = HEAD;
  while (pending.length > 0) {
    const chapter = pending.shift()!;
    if (written.has(chapter.meta.chapter!)) continue;
    written.add(chapter.meta.chapter!);
    page += chapterText(chapter, pending);
  }
  return page;
}

/** One chapter; other chapters that it refers to are appended to `pending`. */
function chapterText(chapter: Described, pending: Described[]): string {
  const rows: string[] = [];
  const addRow = (key: string, value: string, described?: Described): void => {
    const cells = [`\`${key}\``, value, described?.fallback ?? '', described?.meta.description ?? ''].map((cell) =>
      cell.replaceAll('|', '\\|'),
    );
    rows.push(`| ${cells.join(' | ')} |`);
  };
  /** What may stand at a place: a phrase, or a link to the chapter that tells. */
  const phraseOf = ({ core, meta }: Described): string => {
    const def = definitionOf(core);
    if (meta.chapter !== undefined) return `[${meta.form}](#${meta.chapter})`;
    if (meta.form !== undefined) return meta.form;
    if (def.type === 'array') return `list of ${meta.entries}, each ${phraseOf(describe(def.element))}`;
    if (def.type === 'record') {
      return `map by ${meta.keyName}: each key ${describe(def.keyType).meta.form}, each value ${phraseOf(describe(def.valueType))}`;
    }
    return 'map';
  };
  const addKeys = (part: Described, prefix: string): void => {
    const def = definitionOf(part.core);
    if (def.type === 'lazy') addKeys(describe(def.getter()), prefix);
    if (def.type === 'record') addInside(describe(def.valueType), `${prefix}<${part.meta.keyName}>`);
    if (def.type === 'union') for (const option of def.options) addKeys(describe(option), prefix);
    if (def.type === 'array') addInside(describe(def.element), `${prefix}[]`);
    if (def.type !== 'object') return;
    for (const [key, schema] of Object.entries(def.shape)) {
      const child = describe(schema);
      addRow(`${prefix}${key}`, phraseOf(child), child);
      addInside(child, `${prefix}${key}`);
    }
  };
  const addInside = (part: Described, path: string): void => {
    if (part.meta.chapter !== undefined) pending.push(part);
    else addKeys(part, definitionOf(part.core).type === 'array' ? path : `${path}.`);
  };

  const { core, meta } = chapter;
  if (definitionOf(core).type === 'record') addRow(`<${meta.keyName}>`, `key: ${describe(definitionOf(core).keyType).meta.form}`);
  addKeys(chapter, '');
  const head = `\n## ${meta.chapter}\n\n${meta.intro ?? meta.description}\n\n| key | value | default | why |\n| --- | --- | --- | --- |\n`;
  return `${head}${rows.join('\n')}\n\n\`\`\`yaml\n${meta.example}\`\`\`\n`;
}
