// What the configuration file of octoDNS says besides where the zones are.

import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { fromOctodns } from '../../../src/app/commands/import-octodns.ts';

const SETUP = `
manager: { processors: [filter] }
providers:
  config: { class: octodns.provider.yaml.YamlProvider, directory: ./zones }
  more: { class: octodns.provider.yaml.SplitYamlProvider, directory: ./split }
zones:
  example.net.: { sources: [config], processors: [other] }
  example.org.: { alias: example.net. }
`;

test('an alias of a zone has its records, and what is not followed is told', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-octodns-'));
  mkdirSync(join(directory, 'zones/split.example.'), { recursive: true });
  writeFileSync(join(directory, 'octodns.yaml'), SETUP);
  writeFileSync(join(directory, 'zones/example.net.yaml'), 'www: { type: A, value: 192.0.2.1 }\n');
  const draft = fromOctodns(join(directory, 'octodns.yaml'));
  if (!draft.ok) throw new Error(draft.error.message);
  t.regex(draft.value.zones.get('example.net')!, /^www\.example\.net\. 3600 A 192\.0\.2\.1$/m);
  t.regex(draft.value.zones.get('example.org')!, /^www\.example\.org\. 3600 A 192\.0\.2\.1$/m);
  const losses = draft.value.losses.join('\n');
  t.regex(losses, /the processors of manager are not run/);
  t.regex(losses, /the processors of example\.net\. are not run/);
  t.regex(losses, /the provider more splits zones over files/);
  t.regex(losses, /split\.example\.: a zone that is split over files is not read/);
});
