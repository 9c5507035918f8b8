import test from 'ava';
import { readArguments } from '../../../../src/app/commands/args.ts';
import { COMMANDS } from '../../../../src/app/commands/table.ts';

for (const name of ['serve', 'check', 'reload', 'upgrade', 'status'])
  test(`meridian ${name} refuses a word that is no option, and shows how it is used`, async (t) => {
    const command = await COMMANDS[name]!.load();
    const read = readArguments(['my.yaml'], command);
    t.false(read.ok);
    const message = read.ok ? '' : read.error.message;
    t.true(message.startsWith(`unexpected argument 'my.yaml'; usage: meridian ${name} [`), message);
    t.true(message.includes('--config FILE'), 'what stands for something else is in capitals');
  });
