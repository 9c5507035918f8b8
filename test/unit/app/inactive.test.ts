// What a configuration asks for and this version does not do is said, once for each thing.

import test from 'ava';
import { inactiveSettings } from '../../../src/app/inactive.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { ROOT } from '../../support/paths.ts';

const warningsOf = (file: string): string[] => {
  const { snapshot } = loadConfig(`${ROOT}${file}`);
  return snapshot === undefined ? ['not loaded'] : inactiveSettings(snapshot).map(({ code, message }) => `${code} ${message}`);
};

test('probes and a shared mesh are each warned about', (t) => {
  const warnings = warningsOf('test/fixtures/config/good/probes.yaml');
  t.true(warnings.length > 0);
  t.true(
    warnings.every((warning) => /^ERR_CONFIG_INACTIVE "(probe|mesh\.redis)" .*not acted on/.test(warning)),
    warnings.join('\n'),
  );
  t.is(new Set(warnings).size, warnings.length);
});

test('a configuration without either is not', (t) => {
  t.deepEqual(warningsOf('zones/meridian.yaml'), []);
});
