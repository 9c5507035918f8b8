import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { loadAddon, remedyFor } from '../../../src/addon/load.ts';
import { ROOT } from '../../support/paths.ts';

const NOTES = { 'packet-io': 'reason', fleet: 'fleet.reason', relay: 'relay.reason' } as const;

for (const [name, note] of Object.entries(NOTES) as [keyof typeof NOTES, string][]) {
  test(`${name}: it can be switched off, as all of them can, and nothing is advised`, (t) => {
    const status = loadAddon(name, {}, { env: { MERIDIAN_NATIVE: 'off' } });
    t.deepEqual(status, { addon: undefined, reason: 'MERIDIAN_NATIVE=off' });
    t.is(remedyFor('MERIDIAN_NATIVE=off'), '');
  });

  test(`${name}: the reason for its absence is what the build noted, or why it does not load`, (t) => {
    const directory = `${mkdtempSync(join(tmpdir(), 'meridian-test-'))}/`;
    t.teardown(() => rmSync(directory, { recursive: true }));
    const reason = (): unknown => {
      const status = loadAddon<object>(name, {}, { env: {}, directory });
      return status.addon === undefined && status.reason;
    };
    t.is(reason(), 'it has not been built');
    writeFileSync(`${directory}${note}`, 'there is no C++ compiler\nand more\n');
    t.is(reason(), 'there is no C++ compiler');
    t.regex(remedyFor('there is no C++ compiler'), /^; install a C\+\+ compiler/);
    writeFileSync(`${directory}${name}.node`, 'not a library');
    t.regex(String(reason()), new RegExp(`^it does not load: .*${name}\\.node`));
  });
}

const BUILT = `${ROOT}native/build/packet-io.node`;

(existsSync(BUILT) ? test : test.skip)('an addon that lacks a part, being of another release, is not used and says so', (t) => {
  const directory = `${mkdtempSync(join(tmpdir(), 'meridian-test-'))}/`;
  t.teardown(() => rmSync(directory, { recursive: true }));
  copyFileSync(BUILT, `${directory}packet-io.node`);
  const place = { env: {}, directory };
  t.truthy(loadAddon<{ layout: unknown }>('packet-io', { layout: true }, place).addon);
  t.deepEqual(loadAddon<{ layout: unknown; hover: unknown }>('packet-io', { layout: true, hover: true }, place), {
    addon: undefined,
    reason: 'it was built for another release: it has no hover',
  });
});
