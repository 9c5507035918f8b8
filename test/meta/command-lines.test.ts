// Every line of the documentation that tells somebody to type `meridian ...` is one that the program would take: the command is there,
// and so are its options. Scripts of npm, programs and files that a page names are there, too.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { readArguments } from '../../src/app/commands/args.ts';
import { COMMANDS } from '../../src/app/commands/table.ts';
import { ROOT } from '../support/paths.ts';

const pages = ['README.md', ...readdirSync(`${ROOT}docs`).flatMap((file) => (file.endsWith('.md') ? [`docs/${file}`] : []))];

interface Line {
  readonly place: string;
  readonly words: readonly string[];
}

/** Lines of code blocks, and code in the text that is more than a name: `meridian status --json`. */
function linesOf(page: string): Line[] {
  const found: Line[] = [];
  let isCode = false;
  for (const [i, line] of readFileSync(`${ROOT}${page}`, 'utf8').split('\n').entries()) {
    if (line.startsWith('```')) isCode = !isCode;
    const typed = isCode || line.startsWith('    ') ? [line] : [...line.matchAll(/`([^`]+)`/g)].map(([, code]) => code!);
    for (const text of typed) {
      const command = /^\s*(?:[$#] )?(?:sudo )?(?:npx )?meridian ([a-z][^|;&]*?)(?:\s{2,}.*|\s#.*)?$/.exec(text)?.[1];
      // What stands for something else is no line to type.
      if (command === undefined || /[\\[\]{}]|\.\.\.|…/.test(command)) continue;
      found.push({ place: `${page}:${i + 1}`, words: command.match(/"[^"]*"|'[^']*'|\S+/g)! });
    }
  }
  return found;
}

const lines = pages.flatMap(linesOf);

test('there are such lines', (t) => {
  t.true(lines.length > 60, String(lines.length));
});

for (const { place, words } of lines)
  test(`${place}: meridian ${words.join(' ')}`, async (t) => {
    const [name, ...argv] = words;
    const entry = COMMANDS[name!];
    t.truthy(entry, `there is no command ${name}`);
    const parsed = readArguments(argv, await entry!.load());
    t.true(parsed.ok, parsed.ok ? '' : parsed.error.message);
  });

const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { readonly scripts: Record<string, string> };
const everyPage = readdirSync(`${ROOT}docs`, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.md'))
  .map((file) => join('docs', file));
const FILE =
  /(?<![\w./-])((?:src|test|bench|deploy|docs|zones|geoip|native|dashboard|\.ci)\/[\w./-]*\w\.(?:ts|mjs|sh|ya?ml|md|zone|conf|service|json|cc|h))\b/g;

/** What a page names that is not there, each with its line. */
function missing(page: string): string[] {
  const found: string[] = [];
  const isThere = (path: string): boolean => existsSync(`${ROOT}${path}`) || existsSync(join(ROOT, dirname(page), path));
  for (const [i, line] of readFileSync(`${ROOT}${page}`, 'utf8').split('\n').entries()) {
    const names = (pattern: RegExp): string[] => [...line.matchAll(pattern)].map(([, name]) => name!);
    for (const script of names(/npm run ([\w:-]*\w)/g))
      if (!Object.hasOwn(scripts, script)) found.push(`${i + 1}: npm run ${script}`);
    for (const program of names(/node dist\/([\w./-]+)\.js/g))
      if (!isThere(`${program}.ts`)) found.push(`${i + 1}: dist/${program}.js`);
    for (const file of [...names(FILE), ...names(/\]\(([^)#:]+\.\w+)(?:#[^)]*)?\)/g)])
      if (!isThere(file)) found.push(`${i + 1}: ${file}`);
  }
  return found;
}

for (const page of ['README.md', ...everyPage])
  test(`${page}: scripts, programs, files and links that it names are there`, (t) => t.deepEqual(missing(page), []));
