// Runs all tests. Whole programs over real sockets share a machine with everything else that runs on it: if a few of their files
// fail, these run once more, in plain sight (REPEATED). A unit test that fails has failed.

import { spawn } from 'node:child_process';

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

/** The files of whole-program tests that failed, or undefined if anything else did. */
function repeatable(output) {
  if (/Uncaught exception|Unhandled rejection|Timed out|exited|Couldn.t/i.test(output.match(/\n {2}─\n[\s\S]*$/)?.[0] ?? ''))
    return undefined;
  const failed = [...output.matchAll(/✘ \[fail\]: (.*)/g)].map(([, title]) => [...ownRun, ...title.split(' › ')]);
  const files = new Set(failed.map(([folder, file]) => `dist/test/${folder}/${file}.test.js`));
  const isWhole = failed.every(([folder]) => folder === 'e2e' || folder === 'differential' || folder === 'operate');
  return isWhole && files.size > 0 && files.size <= MOST_REPEATED ? [...files] : undefined;
}

const first = await ava([]);
const files = first.code === 0 ? undefined : repeatable(first.output);
if (files === undefined) process.exit(first.code ?? 1);
console.log(`\nREPEATED: ${files.join(', ')} failed; they run once more\n`);
process.exit((await ava(files)).code ?? 1);
