import test from 'ava';
import { defaultRoles, findMissingSite, findUselessRole, readRoles } from '../../../../src/app/process/roles.ts';
import type { Role } from '../../../../src/model/mesh.ts';
import { redisSettings } from '../../../support/mesh.ts';
import { agentSettings } from '../../../support/site-agent.ts';

const rolesOf = (...words: readonly string[]): readonly Role[] | string | null => {
  const read = readRoles(words);
  return read.ok ? read.value : read.error.message;
};

const WITHOUT_AGENTS = { site: [] };
const WITH_AGENTS = { site: ['fra', 'lon'].map((site) => agentSettings({ site })) };

test('without a word a process answers, probes and has the API, and balances if the configuration has agents', (t) => {
  t.is(rolesOf(), null);
  t.deepEqual(defaultRoles(WITHOUT_AGENTS), ['dns', 'probe', 'admin']);
  t.deepEqual(defaultRoles(WITH_AGENTS), ['dns', 'probe', 'site', 'admin']);
});

test('a site that has no agent is named, with those that have', (t) => {
  t.is(findMissingSite(['site'], null, WITH_AGENTS), undefined);
  t.is(findMissingSite(['site'], ['lon'], WITH_AGENTS), undefined);
  t.is(
    findMissingSite(['site'], ['fr'], WITH_AGENTS)?.message,
    '--site fr has no entry under "site" in the configuration; did you mean "fra"? there are: fra, lon',
  );
  t.regex(findMissingSite(['site'], null, WITHOUT_AGENTS)?.message ?? '', /needs the section "site"/);
  t.regex(findMissingSite(['dns'], ['fra'], WITH_AGENTS)?.message ?? '', /with the role site only/);
  t.is(findMissingSite(['dns'], null, WITH_AGENTS), undefined);
});

test('an agent balances whoever hears of it', (t) => {
  t.is(findUselessRole(['site'], { kind: 'memory' }), undefined);
});

test('roles are given one by one or as a list, in any order, and count once', (t) => {
  t.deepEqual(rolesOf('probe', 'dns'), ['dns', 'probe']);
  t.deepEqual(rolesOf('probe, dns,probe'), ['dns', 'probe']);
  t.deepEqual(rolesOf('dns'), ['dns']);
  t.deepEqual(rolesOf('fleet,probe'), ['probe', 'fleet']);
});

test('a word that is no role is named', (t) => {
  t.is(rolesOf('dns,prober'), '--role takes dns, probe, fleet, site, admin, found "prober"');
  t.is(rolesOf(''), '--role takes dns, probe, fleet, site, admin, found ""');
});

test('a process that only probes needs a mesh that others share', (t) => {
  t.regex(findUselessRole(['probe'], { kind: 'memory' })?.message ?? '', /^--role probe without dns has nobody to tell/);
  t.is(findUselessRole(['probe'], redisSettings(6379)), undefined);
  t.is(findUselessRole(['dns'], { kind: 'memory' }), undefined);
  t.is(findUselessRole(['dns', 'probe'], { kind: 'memory' }), undefined);
});
