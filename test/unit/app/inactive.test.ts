// What a configuration asks for and this version does not do is said.

import test from 'ava';
import { inactiveSettings } from '../../../src/app/inactive.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { ROOT } from '../../support/paths.ts';

const warningsOf = (file: string): string[] => {
  const { snapshot } = loadConfig(`${ROOT}${file}`);
  return snapshot === undefined ? ['not loaded'] : inactiveSettings(snapshot).map(({ code, message }) => `${code} ${message}`);
};

test('the capacity of sites is warned about once, however many sites have one', (t) => {
  const warnings = warningsOf('zones/recipes/active-active.yaml');
  t.is(warnings.length, 1);
  t.regex(warnings[0]!, /^ERR_CONFIG_INACTIVE "capacity" of sites .*not acted on/);
});

test('a configuration without capacities is not', (t) => {
  t.deepEqual(warningsOf('zones/meridian.yaml'), []);
});
