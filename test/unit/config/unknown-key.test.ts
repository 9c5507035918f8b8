// An unknown key put into any map of a sample must be refused at its own line.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { LineCounter, parseDocument, visit, type YAMLMap } from 'yaml';
import { loadConfig } from '../../../src/config/load.ts';
import { fixture, ROOT } from '../../support/paths.ts';

const KEY = 'zzUnknownKey';
/** Maps whose keys the operator chooses: there the key is not unknown, but what stands behind it is wrong. */
const BY_NAME =
  /^(sites|pools|policies|probes|alerts\.receivers|probes\.\w+\.http\.headers|keys|transfer|site|site\.\w+\.(services|listeners)|site\..*\.(servers|serverNames|headers|cookies|set|add)|zones\.files|decisions\.policies|.*\.bias|.*\.map\.(network|asn|tag|subdivision|country|continent))$/;

interface Insertion {
  readonly path: string;
  readonly offset: number;
  readonly text: string;
}

/** For every map of the text: where and how to write one more key into it. */
function insertions(text: string): Insertion[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const found: Insertion[] = [];
  visit(document, {
    Map(_, map: YAMLMap, ancestors) {
      const steps = ancestors.flatMap((node, i) => {
        const inside = ancestors[i + 1] ?? map;
        if ('items' in node && Array.isArray(node.items) && 'flow' in node && (node.items as unknown[]).includes(inside)) {
          return [String((node.items as unknown[]).indexOf(inside))];
        }
        return 'key' in node ? [String((node as { key: unknown }).key)] : [];
      });
      const path = steps.join('.');
      if (map.flow) found.push({ path, offset: map.range![0] + 1, text: `${KEY}: 1, ` });
      else {
        const offset = (map.items[0]!.key as { range: [number, number, number] }).range[0];
        const indent = ' '.repeat(lines.linePos(offset).col - 1);
        found.push({ path, offset, text: `${KEY}: 1\n${indent}` });
      }
    },
  });
  return found;
}

for (const file of [`${ROOT}zones/meridian.yaml`, fixture('config/good/everything.yaml'), fixture('config/good/probes.yaml')]) {
  const text = readFileSync(file, 'utf8');
  const all = insertions(text);
  const scratch = mkdtempSync(join(tmpdir(), 'meridian-config-'));
  cpSync(dirname(file), scratch, { recursive: true });
  test.after.always(() => rmSync(scratch, { recursive: true }));

  test(`${file.slice(ROOT.length)} has maps to try`, (t) => {
    t.true(all.length > 30);
    t.true(all.some(({ path }) => BY_NAME.test(path)));
  });

  for (const [i, { path, offset, text: inserted }] of all.entries()) {
    test(`${file.slice(ROOT.length)}: an unknown key is refused in map ${i}, ${path || 'the whole file'}`, (t) => {
      const mutant = join(scratch, `mutant-${i}.yaml`);
      writeFileSync(mutant, text.slice(0, offset) + inserted + text.slice(offset));
      const line = text.slice(0, offset).split('\n').length;
      const { snapshot, problems } = loadConfig(mutant);
      t.is(snapshot, undefined);
      const codes = problems.filter((p) => p.line === line && p.message.includes(KEY)).map((p) => p.code);
      if (BY_NAME.test(path)) t.true(codes.length > 0, JSON.stringify(problems));
      else t.true(codes.includes('ERR_CONFIG_UNKNOWN_KEY'), JSON.stringify(problems));
    });
  }
}
