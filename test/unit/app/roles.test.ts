import test from 'ava';
import { findUselessRole, readRoles } from '../../../src/app/roles.ts';
import type { Role } from '../../../src/model/mesh.ts';
import { redisSettings } from '../../support/mesh.ts';

const rolesOf = (...words: readonly string[]): readonly Role[] | string => {
  const read = readRoles(words);
  return read.ok ? read.value : read.error.message;
};

test('without a word a process answers, probes and has the API', (t) => {
  t.deepEqual(rolesOf(), ['dns', 'probe', 'admin']);
});

test('roles are given one by one or as a list, in any order, and count once', (t) => {
  t.deepEqual(rolesOf('probe', 'dns'), ['dns', 'probe']);
  t.deepEqual(rolesOf('probe, dns,probe'), ['dns', 'probe']);
  t.deepEqual(rolesOf('dns'), ['dns']);
  t.deepEqual(rolesOf('fleet,probe'), ['probe', 'fleet']);
});

test('a word that is no role is named', (t) => {
  t.is(rolesOf('dns,prober'), '--role takes dns, probe, fleet, admin, found "prober"');
  t.is(rolesOf(''), '--role takes dns, probe, fleet, admin, found ""');
});

test('a process that only probes needs a mesh that others share', (t) => {
  t.regex(findUselessRole(['probe'], { kind: 'memory' })?.message ?? '', /^--role probe without dns has nobody to tell/);
  t.is(findUselessRole(['probe'], redisSettings(6379)), undefined);
  t.is(findUselessRole(['dns'], { kind: 'memory' }), undefined);
  t.is(findUselessRole(['dns', 'probe'], { kind: 'memory' }), undefined);
});
