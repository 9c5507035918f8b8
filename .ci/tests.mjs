// Runs all tests. Whole programs, meshes and relays work in real time beside everything else that runs on the machine: if a few
// files fail, these run once more, in plain sight (REPEATED). What is wrong fails twice.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';

/** AVA leaves out of titles the folder that all files of a run are in. */
const ownRun = process.env.MERIDIAN_TESTS === undefined ? [] : [process.env.MERIDIAN_TESTS];
/** More than these is no accident. */
const MOST_REPEATED = 3;

/** Runs AVA, shows what it prints, and resolves to its exit code and that output. */
function ava(files) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['node_modules/ava/entrypoints/cli.mjs', ...files], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const [stream, target] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => {
        output += text;
        target.write(text);
      });
    }
    child.once('close', (code) => resolve({ code, output }));
  });
}

/** Titles begin with folders and file; what follows is the test's own, which may have such marks too. */
function fileOf(words) {
  const end = words.findIndex((_, i) => existsSync(`dist/test/${words.slice(0, i + 1).join('/')}.test.js`));
  return `dist/test/${words.slice(0, end + 1).join('/')}.test.js`;
}

/** The files that failed, or undefined if they are too many or it was no test that failed. */
function repeatable(output) {
  if (/Uncaught exception|Unhandled rejection|Timed out|exited|Couldn.t/i.test(output.match(/\n {2}─\n[\s\S]*$/)?.[0] ?? ''))
    return undefined;
  const failed = [...output.matchAll(/✘ \[fail\]: (.*)/g)].map(([, title]) => [...ownRun, ...title.split(' › ')]);
  const files = new Set(failed.map(fileOf).filter(existsSync));
  return files.size > 0 && files.size <= MOST_REPEATED ? [...files] : undefined;
}

const first = await ava([]);
const files = first.code === 0 ? undefined : repeatable(first.output);
if (files === undefined) process.exit(first.code ?? 1);
console.log(`\nREPEATED: ${files.join(', ')} failed; they run once more\n`);
process.exit((await ava(files)).code ?? 1);
