// Every line of the documentation that tells somebody to type `meridian ...` is one that the program would take: the command is there,
// and so are its options.

import { readdirSync, readFileSync } from 'node:fs';
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
